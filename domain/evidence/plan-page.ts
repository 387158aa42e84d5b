import { blocksOf, type Block, type Fact, type Page, type PageVerdict } from '../page/page';
import { type Plan } from '../receipts';
import { callersFacts } from './callers';
import { gatewaysBlock } from './gateways-block';
import { verdictBlock } from './in-place-page';
import { countText, durationText, fact, megabytes } from './words';

/** What a person must know to approve the plan. */
export function planPage(plan: Plan): Page {
  const { blue, green, hydraVersion, catalog = [], greenSettings = [], prediction } = plan;
  const rows = Object.values(blue.rows).reduce((sum, count) => sum + count, 0);
  return {
    title: `Plan of ${plan.environment}: Hydra ${hydraVersion.blue} to ${hydraVersion.green}`,
    verdict: planVerdict(plan),
    facts: [
      fact('Hydra', `${hydraVersion.blue} to ${hydraVersion.green}`),
      fact(
        'blue',
        `${blue.instanceId}, PostgreSQL ${blue.engineVersion}, ${megabytes(blue.databaseBytes)}, ${rows} rows`,
      ),
      fact('green', `${green.instanceId}, will be made and, on the way back, deleted`),
      gatewaysFact(plan),
      ...callersFacts('callers besides', plan.callers),
      fact('targets', plan.targets.join(', ') || 'none'),
      fact('jobs', plan.jobs.join(', ') || 'none'),
      fact('config', `digest ${plan.configDigest.slice(0, 12)}…`),
      fact('predicted in all', predictedInAll(plan)),
      ...(plan.quietHours === undefined ? [] : [fact('quiet hours', plan.quietHours.replace(/^quiet hours: /, ''))]),
      ...(plan.mode === 'rehearse' || (plan.gates.before ?? []).length === 0
        ? []
        : [fact('asks again before', (plan.gates.before ?? []).join(', '))]),
      fact('pause budget', `${plan.switchover.pauseBudgetMs} ms`),
      plan.mode === 'rehearse'
        ? fact('way back', 'nothing is written to blue; all that is made is removed at the end')
        : fact('way back', 'until the commit everything is undone; the commit has no way back', 'unknown'),
    ],
    blocks: blocksOf(
      { kind: 'list', title: 'Warnings', items: plan.warnings },
      gatewaysBlock(plan.knownGateways),
      verdictBlock(plan.inPlace),
      cleaningBlock(plan),
      {
        kind: 'table',
        title: 'Steps',
        head: ['phase', 'what', 'undo', 'predicted'],
        rows: plan.steps.map(({ phase, what, undo, predictedMs }) => [
          phase,
          what,
          undo ?? '-',
          predictedMs === null ? '-' : durationText(predictedMs),
        ]),
      },
      {
        kind: 'table',
        title: 'Migrations that may take longest',
        head: ['migration', 'predicted'],
        rows: (prediction?.migrations ?? []).map(({ migration, durationMs }) => [migration, durationText(durationMs)]),
      },
      {
        kind: 'list',
        title: "Green's instance differs from blue's",
        items: (green.differences ?? []).map(
          ({ what, blue: from, green: to, why }) => `${what}: ${from}, on green ${to} (${why})`,
        ),
      },
      {
        kind: 'table',
        title: "Start green's Hydra with",
        head: ['setting', 'value', 'why'],
        rows: greenSettings.map(({ key, value, why }) => [key, value, why]),
      },
      catalogBlock(catalog),
    ),
  };
}

/** Before there are members only the list tells which gateways there are. */
function gatewaysFact({ gateways, knownGateways = [] }: Plan): Fact {
  const names = gateways.join(', ') || 'none';
  const onlyListed = knownGateways.length > 0 && knownGateways.every(({ leaseMs }) => leaseMs === null);
  return fact(
    'gateways',
    onlyListed
      ? `${names}; until the capture is enabled only these are known: one that is missing here shows at gate cutover, if it is a member, or as a caller besides`
      : names,
  );
}

function cleaningBlock({ rules }: Plan): Block {
  const cleaning = rules.filter(({ rows }) => rows !== 0);
  if (cleaning.length === 0) {
    return { kind: 'text', title: 'Rows to be cleaned on green', text: 'No row needs cleaning.' };
  }
  return {
    kind: 'table',
    title: 'Rows to be cleaned on green, and archived',
    head: ['cleaning rule', 'rows'],
    rows: cleaning.map(({ id, title, rows, isEstimate }) => [
      `${id}: ${title}`,
      rows === null ? 'not counted' : `${isEstimate === true ? 'about ' : ''}${rows}`,
    ]),
  };
}

const CATALOG_WORDS = {
  stops: 'adapted on green',
  lost: 'lost on green',
  changed: 'changed',
  harmless: 'harmless',
} as const;

function catalogBlock(catalog: NonNullable<Plan['catalog']>): Block {
  return {
    kind: 'table',
    title: 'On blue, and not of Hydra',
    head: ['object', 'is', 'why', 'what to do'],
    rows: catalog.map(({ class: its, object, why, fix, onGreen }) => [
      object,
      onGreen === undefined ? CATALOG_WORDS[its] : `adapted on green: ${onGreen.join('; ')}`,
      why,
      fix,
    ]),
  };
}

function planVerdict({ warnings, removals = [], rehearsal, prediction, catalog = [] }: Plan): PageVerdict {
  const reasons = [
    ...(rehearsal?.findings ?? []).map(({ phase, what }) => `${phase}: ${what}`),
    ...removals.map(({ table, rows, of }) => `${rows} of ${of} rows of ${table} would be removed; that is asked next`),
    ...catalog.filter(({ class: its }) => its === 'lost').map(({ object }) => `${object} is lost on green`),
    ...(warnings.length === 0 ? [] : [`${countText(warnings.length, 'warning')} below`]),
    ...(prediction?.totalMs == null ? ['nothing is predicted: rehearse first'] : []),
  ];
  return reasons.length === 0
    ? { state: 'good', text: 'every check of both sides passed, and nothing needs a look.', reasons }
    : { state: 'unknown', text: 'every check passed; read these before you approve.', reasons };
}

function predictedInAll({ prediction }: Plan): string {
  if (prediction?.totalMs == null) return `nothing: ${prediction?.reason ?? 'no earlier run is known'}`;
  const from = prediction.runs.map(({ mode, endedAt }) => `${mode} of ${endedAt}`).join(', ');
  return `${durationText(prediction.totalMs)} without what people take, from ${from}`;
}
