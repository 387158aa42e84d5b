import { type AgeLoad, type InPlacePlan, type InPlaceReport, type InPlaceVerdict, type ShareReceipt } from '../in-place/receipts'; // prettier-ignore
import { blocksOf, type Block, type Fact, type Page, type PageVerdict } from '../page/page';
import { type RecordedDecision } from '../runbook';
import { letPass } from './finalize-page';
import { aboutText, countText, durationText, fact, megabytes } from './words';

/** What a person must know to approve the plan of an upgrade in place. */
export function inPlacePlanPage(plan: InPlacePlan): Page {
  const { environment, from, to, database, online, actsDone, warnings } = plan;
  const rows = Object.entries(database.rows).map(([name, count]) => `${name} about ${count}`);
  return {
    title: `Plan of ${environment}: Hydra ${from} to ${to} in place`,
    verdict: {
      state: warnings.length === 0 ? 'good' : 'unknown',
      text:
        warnings.length === 0
          ? 'every check passed, and every statement has a form that stops nobody.'
          : 'every check passed; read these before you approve.',
      reasons: warnings,
    },
    facts: [
      fact('Hydra', `${from} to ${to}, in place`),
      fact('database', `schema ${database.schema}, ${megabytes(database.bytes)}; tables of ${database.owner}`),
      fact('largest tables', rows.join(', ') || 'none'),
      fact('the old version logs in as', database.oldRole),
      fact('the new version logs in as', database.newRole),
      fact('gateways', plan.gateways.join(', ')),
      fact('shares', plan.shares.map((share) => `${share} %`).join(', ')),
      fact('config', `digest ${plan.configDigest.slice(0, 12)}…`),
      fact(
        'way back',
        'until the old version is stopped all requests can go back to it; what is migrated stays',
        'unknown',
      ),
    ],
    blocks: blocksOf(
      {
        kind: 'table',
        title: 'Steps',
        head: ['phase', 'what', 'undo'],
        rows: plan.steps.map(({ phase, what, undo }) => [phase, what, undo ?? '-']),
      },
      {
        kind: 'table',
        title: `Statements of Hydra ${to}, each in the form that stops nobody`,
        head: ['act', 'migration', 'what'],
        rows: online.acts.map(({ migration, says }, at) => [
          `${at + 1}${at < actsDone ? ' (done)' : ''}`,
          migration,
          says,
        ]),
      },
    ),
  };
}

export function sharesBlock(shares: readonly ShareReceipt[]): Block {
  return {
    kind: 'table',
    title: 'Shares of the requests that the new version had',
    head: ['share', 'verdict', 'requests', 'watched', 'old version', 'new version', 'seen'],
    rows: shares.map(({ share, verdict, requests, durationMs, problems, load }) => [
      `${share} %`,
      verdict,
      String(requests),
      aboutText(durationMs),
      loadText(load.old),
      loadText(load.new),
      problems.join('; ') || '-',
    ]),
  };
}

/** What a person must know to let the old version go. */
export function acceptPage(plan: InPlacePlan, inPlace: InPlaceReport, decisions: readonly RecordedDecision[]): Page {
  const skipped = decisions.filter(({ decision }) => decision === 'skip');
  const [first, ...more] = inPlaceFacts(inPlace);
  return {
    title: `Finalize ${plan.environment}: may Hydra ${plan.from} go?`,
    verdict: acceptVerdict(inPlace, skipped.length),
    facts: [
      first ?? fact('Hydra', `${plan.from} to ${plan.to}, in place`),
      ...more,
      fact(
        'way back',
        `\`reject\` gives Hydra ${plan.from} all requests again; after \`approve\` there is none`,
        'unknown',
      ),
    ],
    blocks: blocksOf(sharesBlock(inPlace.shares), letPass(skipped)),
  };
}

function acceptVerdict({ shares }: InPlaceReport, skipped: number): PageVerdict {
  const reasons = [
    ...shares.filter(({ verdict }) => verdict === 'bad').map(({ share }) => `it was bad at ${share} %, before`),
    ...(skipped > 0 ? [`${countText(skipped, 'question')} let pass by a person`] : []),
  ];
  return reasons.length === 0
    ? { state: 'good', text: 'the new version serves all requests, and answered as the old one did.', reasons }
    : { state: 'unknown', text: 'the new version serves all requests; read these before you approve.', reasons };
}

/** What was proven so far, of a run that may be over. */
export function inPlaceFacts({ plan, layer, online, bookkeeping, beside, retired, layerStays }: InPlaceReport): Fact[] {
  return [
    ...(plan === null ? [] : [fact('Hydra', `${plan.from} to ${plan.to}, in place`)]),
    ...(layer === null
      ? []
      : [fact('views', `${layer.views.length}; all ${layer.sessions} sessions of the old version through them`)]),
    ...(online === null ? [] : [fact('migrated', `${online.acts} acts in ${durationText(online.durationMs)}`)]),
    ...(bookkeeping === null
      ? []
      : [fact('bookkeeping', `${bookkeeping.versions} versions, ${bookkeeping.pending} pending`)]),
    ...(beside === null ? [] : [fact('proven', beside.proven.join('; '))]),
    ...(retired === null ? [] : [fact('views removed', `${retired.rowsBroughtUp} rows of the old version brought up`)]),
    ...(layerStays
      ? [fact('views', 'they stay: the old version serves through them, and the next run goes on', 'unknown')]
      : []),
  ];
}

/** At gate `plan` of the next upgrade: how the step before it went. */
export function verdictBlock(verdict: InPlaceVerdict | undefined): Block {
  const title = 'The step before this one, in place';
  if (verdict === undefined) return { kind: 'table', title, head: [], rows: [] };
  const { from, to, endedAt, outcome, acts, versions, shares, load } = verdict;
  return {
    kind: 'table',
    title,
    head: ['what', 'was'],
    rows: [
      ['Hydra', `${from} to ${to}, ${outcome} at ${endedAt}`],
      ['migrated', `${acts} acts; schema_migration with ${versions ?? 'an unknown number of'} versions`],
      ...shares.map(({ share, verdict: its, requests, problems }) => [
        `${share} % of the requests`,
        `${its}, ${requests} requests${problems.length === 0 ? '' : `: ${problems.join('; ')}`}`,
      ]),
      ...(load === null ? [] : [['old version, new version', `${loadText(load.old)}; ${loadText(load.new)}`]]),
    ],
  };
}

function loadText({ cpuMsPerRequest, residentBytes, p95Ms }: AgeLoad): string {
  const parts = [
    ...(p95Ms === null ? [] : [`p95 ${Math.round(p95Ms)} ms`]),
    ...(cpuMsPerRequest === null ? [] : [`${cpuMsPerRequest} ms of CPU per request`]),
    ...(residentBytes === null ? [] : [`${(residentBytes / 1_048_576).toFixed(0)} MiB`]),
  ];
  return parts.join(', ') || 'unknown';
}
