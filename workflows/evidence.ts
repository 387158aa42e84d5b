import { type CutoverEvidence, type Plan } from '../domain/receipts';
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
  const cleaning = plan.rules.filter(({ rows: count }) => count > 0);
  return [
    table(['fact', 'value'], facts),
    cleaning.length === 0
      ? 'No row needs cleaning.'
      : table(
          ['cleaning rule', 'rows'],
          cleaning.map(({ id, title, rows: count }) => [`${id}: ${title}`, String(count)]),
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
    list('Warnings', plan.warnings),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

function predictedInAll({ prediction }: Plan): string {
  if (prediction?.totalMs == null) return `nothing: ${prediction?.reason ?? 'no earlier run is known'}`;
  const from = prediction.runs.map(({ mode, endedAt }) => `${mode} of ${endedAt}`).join(', ');
  return `${Math.round(prediction.totalMs / 1_000)} s without what people take, from ${from}`;
}

/** What a person must know to let writes move. */
export function cutoverEvidence(evidence: CutoverEvidence, plan: Plan): string {
  const { parity } = evidence;
  const facts = [
    ['gathered at', `${evidence.gatheredAt}; again every ${everyText(evidenceEveryMs(plan.gates))} while this is open`],
    ['parity', `${parity.rows} rows compared, ${parity.differences} differ`],
    ['changes not carried yet', String(evidence.backlog)],
    ['last sync round', `${evidence.lastRoundMs} ms`],
    ['canary, blue to green', `${evidence.canaryMs} ms`],
    ['requests per second', evidence.requestsPerSecond === null ? 'unknown' : evidence.requestsPerSecond.toFixed(1)],
    ['predicted pause', `${evidence.predictedPauseMs} ms of at most ${plan.switchover.pauseBudgetMs} ms`],
    ['way back', '**the commit has no way back**; before it a person is asked nothing more'],
  ];
  return [table(['fact', 'value'], facts), list('Problems', evidence.problems)]
    .filter((part) => part !== '')
    .join('\n\n');
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
