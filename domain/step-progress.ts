import { isJsonObject } from './json';
/** How far a step is. Null: it does not tell. */
export interface StepProgress {
  /** 0 to 99: what is not over is not at 100. */
  readonly percent: number | null;
  /** About how long it goes on, in milliseconds. */
  readonly leftMs: number | null;
}

export interface StepKnown {
  /** Since its phase began. */
  readonly elapsedMs: number;
  /** Of its phase, as the plan has it; null: nothing is predicted. */
  readonly predictedMs: number | null;
}

/** Of less nobody can say how fast it goes. */
const SEEN_PERCENT = 2;

/**
 * What a step's own words say of how far it is, and where they say nothing, what was predicted.
 *
 * @param said its last heartbeat: whatever an activity of any version says
 */
export function stepProgress(said: unknown, known: StepKnown): StepProgress {
  const fields = fieldsOf(said);
  const left = fields('leftMs');
  const given = fields('percent');
  if (left !== null && given !== null) return { percent: share(given, 100), leftMs: left };
  if (left !== null) return { percent: share(known.elapsedMs, known.elapsedMs + left), leftMs: left };
  const backlog = fields('backlog');
  const changes = fields('changes');
  const perSecond = fields('perSecond');
  // A sync that goes on for as long as a gate is open tells no speed: it is at no percent of anything.
  if (backlog !== null && changes !== null) {
    if (perSecond === null) return { percent: null, leftMs: null };
    return {
      percent: share(changes, changes + backlog),
      leftMs: perSecond > 0 ? Math.round((backlog / perSecond) * 1_000) : null,
    };
  }
  const percent = ownPercent(fields);
  return predicted(percent, known) ?? { percent, leftMs: byPace(percent, known.elapsedMs) };
}

/** Earlier runs know better than a count how long the rest takes: the last migration may be the long one. */
function predicted(percent: number | null, { predictedMs, elapsedMs }: StepKnown): StepProgress | null {
  if (predictedMs === null || predictedMs <= elapsedMs) return null;
  return { percent: percent ?? share(elapsedMs, predictedMs), leftMs: predictedMs - elapsedMs };
}

function byPace(percent: number | null, elapsedMs: number): number | null {
  if (percent === null || percent < SEEN_PERCENT) return null;
  return Math.round((elapsedMs * (100 - percent)) / percent);
}

type Fields = (name: string) => number | null;

function ownPercent(fields: Fields): number | null {
  const given = fields('percent');
  if (given !== null) return share(given, 100);
  for (const [part, whole] of [
    ['applied', 'expected'],
    ['done', 'of'],
    ['asked', 'of'],
    ['rows', 'of'],
  ] as const) {
    const [did, all] = [fields(part), fields(whole)];
    if (did !== null && all !== null) return share(did, all);
  }
  return null;
}

function share(part: number, whole: number): number | null {
  if (whole <= 0) return null;
  return Math.max(0, Math.min(99, Math.floor((part / whole) * 100)));
}

function fieldsOf(said: unknown): Fields {
  const object = isJsonObject(said) ? said : {};
  return (name) => {
    const value = object[name];
    return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : null;
  };
}
