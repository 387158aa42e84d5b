import { CUTOVER_TAG } from '../../domain/ports/database-provider';
import { type ArbiterDescription, tellOrigin } from '../arbiter';
import { type SideTraces } from './read-traces';

/** What one side tells: its traces, or why it cannot be asked. */
export type SideLook = SideTraces | { readonly unreachable: string };

/** What the provider tells of a thing: null when there is none. */
export type ResourceLook =
  | { readonly id: string; readonly status: string; readonly tags: Readonly<Record<string, string>> }
  | { readonly unreachable: string }
  | null;

export interface DatabasesLook {
  readonly blue: SideLook;
  readonly green: SideLook;
  readonly instance: ResourceLook;
  readonly snapshot: ResourceLook;
}

export interface Judgement {
  readonly cutoverId: string | null;
  /** One line: how far. */
  readonly phase: string;
  /** One line: who may write to Hydra's tables now. */
  readonly writes: string;
  /** Everything of ours that is there, a line each. */
  readonly traces: readonly string[];
  /** What to do, in order. */
  readonly next: readonly string[];
}

/** What the databases alone say of a cutover, for people. Pure. */
export function judgeTraces(look: DatabasesLook): Judgement {
  const blue = 'unreachable' in look.blue ? null : look.blue;
  const arbiter = blue?.arbiter ?? null;
  const cutoverId = arbiter?.cutoverId ?? null;
  const traces = [
    ...sideLines('blue', look.blue),
    ...sideLines('green', look.green),
    ...resourceLines(look, cutoverId),
  ];
  if (blue === null) {
    return {
      ...{ cutoverId, traces, phase: "unknown: blue's database does not tell" },
      writes: 'unknown: ask again when blue answers',
      next: ["mend what keeps blue's database from answering, then ask again; change nothing before that"],
    };
  }
  if (arbiter === null) return withoutArbiter(blue, traces);
  if (arbiter.side === 'green') {
    return {
      ...{ cutoverId, traces, phase: `unknown: the database reached as blue is green of cutover ${arbiter.cutoverId}` },
      writes: 'unknown',
      next: ['correct the addresses of both sides: they are crossed, or the config is one from before that cutover'],
    };
  }
  return { cutoverId, traces, ...judgeArbiter(arbiter, blue, look) };
}

function withoutArbiter(blue: SideTraces, traces: readonly string[]): Judgement {
  const lifetimes = blue.schemas.some(({ name }) => name === 'hydra_cutover_lifetimes');
  const isLeft = blue.schemas.length > 0 || blue.triggers > 0;
  return {
    ...{ cutoverId: null, traces, writes: 'blue, as far as we are concerned: nothing of ours refuses anything there' },
    phase: isLeft
      ? 'no cutover holds this database, but something of ours is left on it'
      : 'no cutover holds this database',
    next: [
      ...(lifetimes ? ['token lifetimes on blue are raised still: the next cutover that ends gives them back'] : []),
      ...(isLeft && !lifetimes
        ? [
            'a removal was cut short, or the schema is of somebody else: look at its owner; the next cutover is refused while it is there',
          ]
        : []),
      ...(isLeft ? [] : ['nothing; what carries our tag at RDS and is of no run in Temporal can be removed']),
    ],
  };
}

type Verdict = Pick<Judgement, 'phase' | 'writes' | 'next'>;

function judgeArbiter(arbiter: ArbiterDescription, blue: SideTraces, look: DatabasesLook): Verdict {
  if (arbiter.state === 'committed') return judgeCommitted(arbiter, look);
  const last = arbiter.attempts.at(-1);
  const isAlive = (last?.state === 'holding' || last?.state === 'fenced') && !last.leaseOver;
  const isFenced = arbiter.state === 'fenced' && Date.parse(arbiter.leaseUntil ?? '') > Date.parse(blue.readAt);
  const step = blue.origin?.step;
  const phase =
    arbiter.state === 'removing'
      ? 'its removal from blue has begun: no switchover can begin any more'
      : last === undefined
        ? `before the switchover${step ? `, last step ${step}` : ''}`
        : `switchover: attempt ${last.attempt} for epoch ${last.epoch} is ${last.state}${isAlive ? `, until ${last.leaseUntil}` : ''}`;
  const writes = isFenced
    ? `nobody until ${arbiter.leaseUntil ?? ''} (by that database's clock ${blue.readAt}); then blue again, by itself`
    : 'blue: nothing is refused there';
  return { phase, writes, next: beforeCommit(arbiter, blue) };
}

function beforeCommit(arbiter: ArbiterDescription, { origin }: SideTraces): readonly string[] {
  const where = origin === null ? 'where it was started' : `at ${origin.temporal}`;
  return [
    `if its workflow ${origin?.workflowId ?? ''} is alive ${where}: \`hydra-cutover status\` there; \`hydra-cutover cancel\` takes it back`,
    'if it was terminated, was reset, or that Temporal is gone: `hydra-cutover repair --cutover-id ' +
      `${arbiter.cutoverId} --by NAME\` takes back what it did, without Temporal; blue goes on serving meanwhile`,
  ];
}

function judgeCommitted(arbiter: ArbiterDescription, { green }: DatabasesLook): Verdict {
  const { epoch, cutoverId } = arbiter;
  const moved = `the writes left blue with epoch ${epoch}, for good`;
  const finish = `\`hydra-cutover repair --cutover-id ${cutoverId} --by NAME\` finishes the switchover, if no worker does`;
  if ('unreachable' in green) {
    return {
      phase: `behind the commit: ${moved}`,
      writes: 'never blue; green, if it was opened: it does not tell',
      next: ["mend what keeps green's database from answering, then ask again", finish],
    };
  }
  const onGreen = green.arbiter;
  if (onGreen === null) {
    return {
      phase: `over: ${moved}, and green is finalized`,
      writes: 'green',
      next: ["nothing. Blue's guard stays as long as its database exists: remove the instance when nobody needs it"],
    };
  }
  if (onGreen.side !== 'green' || onGreen.cutoverId !== cutoverId) {
    return {
      phase: `behind the commit: ${moved}`,
      writes: 'never blue; whether green is open, another database would have to tell',
      next: [`correct green.database: what is reached there is ${onGreen.side} of cutover ${onGreen.cutoverId}`],
    };
  }
  if (onGreen.state === 'open' && onGreen.epoch >= epoch) {
    return {
      phase: 'behind the switchover: validation, bake or finalize',
      writes: `green, since epoch ${onGreen.epoch}`,
      next: [
        'bring its worker and Temporal back, and the run goes on by itself',
        'if they are gone for good: see that gateways and targets serve green (`hydra-cutover repair` confirms it), and that jobs are resumed; what is ours may stay',
      ],
    };
  }
  return {
    phase: `inside the switchover: ${moved}, and green is ${onGreen.state}`,
    writes: 'nobody: clients wait or are refused until green is open',
    next: ['bring its worker back NOW: it goes on within seconds', `otherwise: ${finish}`],
  };
}

function sideLines(side: string, look: SideLook): readonly string[] {
  if ('unreachable' in look) return [`${side}: ${look.unreachable}`];
  const { arbiter, origin, schemas, triggers, roles, changeLog, refused } = look;
  const lines: string[] = [];
  if (arbiter !== null) {
    const { cutoverId, state, epoch, installedAt, guarded, attempts } = arbiter;
    lines.push(
      `arbiter of cutover ${cutoverId} as ${arbiter.side} since ${installedAt}: ${state}, epoch ${epoch}, ${guarded} tables guarded, ${refused ?? 0} writes refused`,
      ...attempts.slice(-3).map((one) => {
        const decided = one.decidedAt === null ? '' : `, decided ${one.decidedAt} by ${one.decidedBy ?? 'nobody'}`;
        return `attempt ${one.attempt}, epoch ${one.epoch}: ${one.state}, lease ${one.leaseOver ? 'over since' : 'until'} ${one.leaseUntil}${decided}`;
      }),
    );
    if (arbiter.side === 'blue') lines.push(tellOrigin(origin ?? undefined));
  }
  if (changeLog !== null) {
    const { undone, oldestUndoneMs, bytes } = changeLog;
    const oldest = oldestUndoneMs === null ? '' : `, the oldest for ${Math.round(oldestUndoneMs / 1_000)} s`;
    lines.push(
      `change log: ${undone} changes wait to be carried${oldest}; it takes ${(bytes / 1_000_000).toFixed(1)} MB`,
    );
  }
  if (schemas.length > 0) lines.push(`schemas ${schemas.map(({ name, owner }) => `${name} (${owner})`).join(', ')}`);
  if (triggers > 0) lines.push(`${triggers} triggers on Hydra's tables`);
  if (roles.length > 0) lines.push(`roles ${roles.join(', ')}`);
  return (lines.length === 0 ? ['nothing of ours'] : lines).map((line) => `${side}: ${line}`);
}

function resourceLines({ instance, snapshot }: DatabasesLook, cutoverId: string | null): readonly string[] {
  const line = (kind: string, look: ResourceLook): string => {
    if (look === null) return `RDS: no ${kind}`;
    if ('unreachable' in look) return `RDS: ${kind} unknown: ${look.unreachable}`;
    const owner = look.tags[CUTOVER_TAG];
    const whose =
      owner === undefined ? 'not made by a cutover' : owner === cutoverId ? 'of this cutover' : `of cutover ${owner}`;
    return `RDS: ${kind} ${look.id} is ${look.status}, ${whose}`;
  };
  return [line('instance', instance), ...(cutoverId === null ? [] : [line('snapshot', snapshot)])];
}
