import {
  type AroundFenceReceipt,
  type CutoverEvidence,
  type ParityReceipt,
  type ProofReceipt,
  type Plan,
  type Removal,
  type Report,
} from '../domain/receipts';
import { type RecordedDecision } from '../domain/runbook';
import { table } from './details';

/** What a person must know to approve the plan. */
export function planEvidence(plan: Plan): string {
  const { blue, green, hydraVersion } = plan;
  const rows = Object.values(blue.rows).reduce((sum, count) => sum + count, 0);
  const facts = [
    ['Hydra', `${hydraVersion.blue} to ${hydraVersion.green}`],
    ['blue', `${blue.instanceId}, PostgreSQL ${blue.engineVersion}, ${megabytes(blue.databaseBytes)}, ${rows} rows`],
    ['green', `${green.instanceId}, will be made and, on the way back, deleted`],
    ['gateways', plan.gateways.join(', ') || 'none'],
    ['targets', plan.targets.join(', ') || 'none'],
    ['jobs', plan.jobs.join(', ') || 'none'],
    ['config', `digest ${plan.configDigest.slice(0, 12)}…`],
    ['predicted in all', predictedInAll(plan)],
    ['pause budget', `${plan.switchover.pauseBudgetMs} ms`],
    [
      'way back',
      plan.mode === 'rehearse'
        ? 'nothing is written to blue; all that is made is removed at the end'
        : 'until the commit everything is undone; **the commit has no way back**',
    ],
  ];
  const cleaning = plan.rules.filter(({ rows: count }) => count !== 0);
  return [
    table(['fact', 'value'], facts),
    cleaning.length === 0
      ? 'No row needs cleaning.'
      : table(
          ['cleaning rule', 'rows'],
          cleaning.map(({ id, title, rows: count, isEstimate }) => [
            `${id}: ${title}`,
            count === null ? 'not counted' : `${isEstimate === true ? 'about ' : ''}${count}`,
          ]),
        ),
    table(
      ['phase', 'what', 'undo', 'predicted'],
      plan.steps.map(({ phase, what, undo, predictedMs }) => [
        phase,
        what,
        undo ?? '-',
        predictedMs === null ? '-' : `${Math.round(predictedMs / 1_000)} s`,
      ]),
    ),
    list(
      "Green's instance differs from blue's",
      (green.differences ?? []).map(
        ({ what, blue: from, green: to, why }) => `${what}: ${from}, on green ${to} (${why})`,
      ),
    ),
    greenSettings(plan),
    catalogTable(plan),
    list('Warnings', plan.warnings),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

function greenSettings({ greenSettings: settings = [] }: Plan): string {
  if (settings.length === 0) return '';
  const rows = settings.map(({ key, value, why }) => [key, value, why]);
  return `Start green's Hydra with:\n\n${table(['setting', 'value', 'why'], rows)}`;
}

/** What a person must know to let so many rows go. */
export function removalEvidence(removals: readonly Removal[]): string {
  return table(
    ['cleaning rule', 'table', 'rows that go', 'of', 'share'],
    removals.map(({ rule, table: name, rows, of }) => [
      rule,
      name,
      String(rows),
      String(of),
      `${((100 * rows) / of).toFixed(1)} %`,
    ]),
  );
}

/** By name, as the step that adapts them is told. */
export function adaptedOnGreen({ catalog = [] }: Plan): readonly string[] {
  return catalog.filter(({ onGreen }) => onGreen !== undefined).map(({ object }) => object);
}

const CATALOG_WORDS = {
  stops: 'adapted on green',
  lost: 'lost on green',
  changed: 'changed',
  harmless: 'harmless',
} as const;

function catalogTable({ catalog = [] }: Plan): string {
  if (catalog.length === 0) return '';
  return table(
    ['on blue, and not of Hydra', 'is', 'why', 'what to do'],
    catalog.map(({ class: its, object, why, fix, onGreen }) => [
      object,
      onGreen === undefined ? CATALOG_WORDS[its] : `adapted on green: ${onGreen.join('; ')}`,
      why,
      fix,
    ]),
  );
}

function predictedInAll({ prediction }: Plan): string {
  if (prediction?.totalMs == null) return `nothing: ${prediction?.reason ?? 'no earlier run is known'}`;
  const from = prediction.runs.map(({ mode, endedAt }) => `${mode} of ${endedAt}`).join(', ');
  return `${Math.round(prediction.totalMs / 1_000)} s without what people take, from ${from}`;
}

/**
 * What a person must know to let writes move.
 *
 * @param full the comparison of all rows, which is older than the evidence
 */
export function cutoverEvidence(evidence: CutoverEvidence, full: ParityReceipt | null, plan: Plan): string {
  const facts = [
    ['gathered at', `${evidence.gatheredAt}; again every ${everyText(evidenceEveryMs(plan.gates))} while this is open`],
    ['parity of all rows', fullParity(full)],
    ...(evidence.proof === undefined ? [] : [['oldest proof of a row', proofText(evidence.proof)]]),
    ['parity of what changed last', recentParity(evidence.parity)],
    ['changes not carried yet', String(evidence.backlog)],
    ['last sync round', measured(evidence.lastRoundMs)],
    ['canary, blue to green', measured(evidence.canaryMs)],
    ['requests per second', evidence.requestsPerSecond === null ? 'unknown' : evidence.requestsPerSecond.toFixed(1)],
    ['predicted pause', `${measured(evidence.predictedPauseMs)} of at most ${plan.switchover.pauseBudgetMs} ms`],
    ['way back', '**the commit has no way back**; before it a person is asked nothing more'],
  ];
  return [table(['fact', 'value'], facts), list('Problems', evidence.problems)]
    .filter((part) => part !== '')
    .join('\n\n');
}

function measured(ms: number | null): string {
  return ms === null ? '**not measured**' : `${ms} ms`;
}

function fullParity(full: ParityReceipt | null): string {
  if (full === null) return '**was not compared**';
  const { rows, differences, tables, comparedAt } = full;
  const when = comparedAt === undefined ? '' : `, at ${comparedAt}`;
  return `${rows} rows in ${Object.keys(tables).length} tables, ${differences} differ${when}`;
}

function proofText({ provenSince, ageMs, unequal }: ProofReceipt): string {
  const again = unequal === 0 ? '' : `; ${unequal} ranges are to be looked at again`;
  if (provenSince === null || ageMs === null) return `**not every row was compared yet**${again}`;
  return `${everyText(ageMs)} old, of ${provenSince}${again}`;
}

/** No row is no result, and must not look like one. */
function recentParity({ rows, differences }: ParityReceipt): string {
  return rows === 0 ? 'nothing changed on blue that could be compared' : `${rows} rows compared, ${differences} differ`;
}

/** What a person must know to accept green: how it did since it serves, and what was let pass. */
export function finalizeEvidence(
  receipts: Pick<Report, 'bake' | 'drain' | 'validation' | 'switchovers' | 'metrics'>,
  plan: Plan,
  decisions: readonly RecordedDecision[],
): string {
  const { bake, drain, validation } = receipts;
  const passed = validation?.checks.filter(({ ok }) => ok).length ?? 0;
  const facts = [
    ['bake', bake === null ? '**was not done**' : bakeText(bake)],
    [
      'revocations of blue',
      drain === null
        ? '**not proven**'
        : `${drain.captured} captured, ${drain.applied} proven on green, ${drain.missing} missing, ${drain.undoneChanges} changes not carried`,
    ],
    [
      "green's answers",
      validation === null ? '**not asked**' : `${passed} of ${validation.checks.length} checks passed`,
    ],
    ...switchoverFacts(receipts.switchovers),
    ...metricsFacts(receipts.metrics),
    [
      'jobs',
      plan.jobs.length === 0
        ? 'none'
        : `paused: ${plan.jobs.join(', ')}; what each would remove is looked at before it is resumed`,
    ],
    ['way back', 'there is none; `reject` calls a person'],
  ];
  const skipped = decisions.filter(({ decision }) => decision === 'skip');
  return [
    table(['fact', 'value'], facts),
    list('Seen in the bake', bake?.problems ?? []),
    list(
      'Checks that did not pass',
      (validation?.checks ?? []).flatMap(({ name, ok, observed }) => (ok ? [] : [`${name}: ${observed}`])),
    ),
    list(
      'Not carried',
      (drain?.notCarried ?? []).map(({ what, count, why }) => `${count} ${what} (${why})`),
    ),
    list(
      'Let pass by a person',
      skipped.map(({ by, at, note }) => `${by} at ${at}: ${note ?? 'no reason given'}`),
    ),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

function bakeText({ verdict, durationMs, requests, errorRate, p95Ms }: NonNullable<Report['bake']>): string {
  const p95 = p95Ms === null ? '' : `, p95 ${Math.round(p95Ms)} ms`;
  return `**${verdict}**: ${requests} requests in ${everyText(durationMs)}, ${(errorRate * 100).toFixed(3)} % answered 5xx${p95}`;
}

function switchoverFacts(switchovers: Report['switchovers']): string[][] {
  const committed = switchovers.find(({ outcome }) => outcome === 'committed');
  if (committed?.outcome !== 'committed') return [];
  const { holdMs, refused, targets, epoch, aroundFence } = committed;
  const nothingLost =
    refused === 0 ? 'none' : `**${refused ?? 'an unknown number'}**: "nothing lost" cannot be claimed`;
  return [
    ['requests were held', `${Math.round(holdMs)} ms`],
    ['writes that a guard refused', nothingLost],
    ...(aroundFence === undefined ? [] : [["around blue's fence", aroundFenceText(aroundFence)]]),
    ['dependents on green', `${targets.map(({ name }) => name).join(', ') || 'none'}, under epoch ${epoch}`],
  ];
}

function aroundFenceText({ problems, tables, rows, durationMs, openedBy }: AroundFenceReceipt): string {
  const found = problems.join('; ') || 'writes that blue refused, or may have refused';
  const carried = `${tables.length} tables carried and compared in ${Math.round(durationMs)} ms, which changed ${rows} rows of green`;
  return openedBy === null
    ? `${found}: ${carried}`
    : `${found}: **green was opened without the proof** by ${openedBy}; "nothing lost" cannot be claimed`;
}

function metricsFacts({ before, after }: Report['metrics']): string[][] {
  const text = (metrics: NonNullable<typeof before>['blue'] | undefined) =>
    metrics == null
      ? 'unknown'
      : `p95 ${metrics.p95Ms === null ? 'unknown' : `${Math.round(metrics.p95Ms)} ms`}, ${megabytes(metrics.residentBytes)} resident`;
  return [['Hydra, blue before and green after', `${text(before?.blue)}; ${text(after?.green)}`]];
}

/** However long the gate may stay open, Temporal's limit on the length of a history stays far. */
const GATHERED_MAX = 500;

export function evidenceEveryMs({ evidenceEveryMs: wanted, cutoverTimeoutMs }: Plan['gates']): number {
  return Math.max(wanted, Math.ceil(cutoverTimeoutMs / GATHERED_MAX));
}

function everyText(ms: number): string {
  return ms < 60_000 ? `${Math.round(ms / 1_000)} s` : `${Math.round(ms / 60_000)} min`;
}

function list(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? '' : [`#### ${title}`, ...lines.map((line) => `- ${line}`)].join('\n');
}

function megabytes(bytes: number): string {
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}
