import { type CallersReceipt } from './callers';
import { type InstanceDifference } from './instance-plan';
import { type KnownGateway } from './known-gateways';
import { type Notice } from './notice';
import { noPrediction, type Prediction } from './predict';
import {
  type Plan,
  type PlannedObject,
  type PredictionReceipt,
  type Removal,
  type RehearsalPlan,
  type RuleReceipt,
} from './receipts';
import { type Mode, type Phase, PHASE_NAMES } from './runbook';
import { COPY_UPGRADE } from './runbooks/copy-upgrade';
import { type PhaseRow, phasesWhere } from './runbooks/phase-row';
import { type CutoverSettings } from './settings';
import { type Steps } from './steps';

/** What preflight saw, as far as a plan tells it. */
export interface PlanFacts {
  readonly mode: Mode;
  readonly settings: CutoverSettings;
  readonly engineVersion: string;
  readonly databaseBytes: number;
  readonly rows: Readonly<Record<string, number>>;
  readonly rules: readonly RuleReceipt[];
  /** Of blue's schema, what is not as Hydra's migrations make it. */
  readonly catalog?: readonly PlannedObject[];
  readonly removals?: readonly Removal[];
  readonly targets: readonly string[];
  readonly gateways: readonly string[];
  readonly knownGateways?: readonly KnownGateway[];
  readonly callers?: CallersReceipt | undefined;
  readonly jobs: readonly string[];
  readonly warnings: readonly string[];
  /** Of green's instance from blue's. */
  readonly differences?: readonly InstanceDifference[];
  readonly greenSettings?: Plan['greenSettings'];
  readonly prediction?: Prediction;
  /** How blue came to its version. */
  readonly inPlace?: Plan['inPlace'];
  /** When it is quietest, in a sentence. */
  readonly quietHours?: string | undefined;
  readonly notice?: Plan['notice'];
  /** Of a rehearsal alone. */
  readonly rehearsal?: RehearsalPlan;
}

type PlannedStep = Plan['steps'][number];

/** What holds for every cutover and belongs before a person's eyes. */
function alwaysTold({ notice }: Pick<PlanFacts, 'notice'>): readonly string[] {
  return [
    'readers of Hydra that are neither behind the gateways nor a target may see stale answers during the switchover',
    LOGINS_TOLD[notice?.loginsUnderWay ?? 'begin anew'],
    'the commit has no way back: reverse capture and rollback are a later version',
  ];
}

const LOGINS_TOLD: Readonly<Record<Notice['loginsUnderWay'], string>> = {
  'begin anew': 'logins and consents that are under way at the switchover begin anew by themselves',
  end: 'logins and consents that are under way at the switchover end with an error: whoever is at one begins again by hand',
};

/** What a rehearsal goes through. */
const REHEARSED: readonly Phase[] = phasesWhere(COPY_UPGRADE, ({ trials }) => trials !== undefined);
/** What asks green's own Hydra. */
const NEEDS_HYDRA: readonly Phase[] = ['start', 'samples', 'writes'];
const REHEARSAL_TOLD = [
  'a rehearsal writes nothing to blue; the snapshot is taken of it all the same, and may be felt there',
  'what blue does after the snapshot is not carried, and no switchover is tried: capture, sync and pause are not rehearsed',
] as const;

const DRILL_TOLD = [
  'a drill moves the writes for practice, and they stay on green: this environment runs the new version afterwards',
] as const;

/** Pure: what preflight saw becomes what a person approves. */
export function makePlan(facts: PlanFacts): Plan {
  const { settings, mode, prediction = noPrediction('nothing was asked'), rehearsal } = facts;
  const { attempts, retryDelayMs, pauseBudgetMs } = settings.switchover;
  const steps = planSteps(facts, prediction);
  return {
    environment: settings.environment.name,
    mode,
    configDigest: settings.configDigest,
    hydraVersion: { ...settings.hydraVersion },
    blue: {
      instanceId: settings.provider.blueInstanceId,
      engineVersion: facts.engineVersion,
      databaseBytes: facts.databaseBytes,
      rows: facts.rows,
    },
    green: { instanceId: settings.provider.greenInstanceId, differences: facts.differences ?? [] },
    greenSettings: facts.greenSettings,
    rules: facts.rules,
    catalog: facts.catalog ?? [],
    removals: facts.removals ?? [],
    targets: facts.targets,
    gateways: facts.gateways,
    callers: facts.callers,
    knownGateways: facts.knownGateways,
    jobs: facts.jobs,
    warnings: [
      ...facts.warnings,
      ...(mode === 'rehearse' ? REHEARSAL_TOLD : alwaysTold(facts)),
      ...(mode === 'drill' ? DRILL_TOLD : []),
    ],
    steps,
    prediction: predictionReceipt(prediction, steps),
    quietHours: facts.quietHours,
    inPlace: facts.inPlace,
    notice: facts.notice,
    gates: settings.gates,
    switchover: { attempts, retryDelayMs, pauseBudgetMs },
    extendLifetimes: settings.accessTokenLifespanMs !== null,
    rehearsal,
  };
}

/** What a run of this mode goes through; the recorded way of the workflow is held against it. */
export function plannedPhases({ mode, rehearsal }: Pick<PlanFacts, 'mode' | 'rehearsal'>): readonly Phase[] {
  if (mode !== 'rehearse') return PHASE_NAMES;
  return rehearsal?.startsGreen === false ? REHEARSED.filter((phase) => !NEEDS_HYDRA.includes(phase)) : REHEARSED;
}

function planSteps(facts: PlanFacts, { phases }: Prediction): PlannedStep[] {
  return plannedPhases(facts).flatMap((phase) => {
    const planned = STEPS[phase]?.(facts);
    if (planned === undefined) return [];
    const usual = { phase, predictedMs: phases[phase] ?? null, undo: usualUndo(COPY_UPGRADE[phase]) };
    return [{ ...usual, ...planned, ...(REHEARSAL_WORDS[phase]?.(facts) ?? {}) }];
  });
}

/** Where a rehearsal does it otherwise. */
const REHEARSAL_WORDS: Readonly<Partial<Record<Phase, (facts: PlanFacts) => Partial<PlannedStep>>>> = {
  snapshot: ({ rehearsal }) =>
    rehearsal === undefined
      ? {}
      : { undo: rehearsal.keepSnapshot ? 'it stays, as configured' : 'it is removed at the end' },
  restore: ({ rehearsal, settings: { provider } }) =>
    rehearsal === undefined ? {} : { undo: `${provider.greenInstanceId} is removed at the end` },
  samples: ({ rehearsal, settings: { validation } }) =>
    rehearsal === undefined
      ? {}
      : {
          what: `both Hydras are asked about up to ${validation.subjects} subjects and ${validation.clients} clients, and the answers compared`,
        },
  parity: ({ rehearsal }) =>
    rehearsal === undefined ? {} : { what: 'every row of the migrated copy is compared with what was kept' },
};

function predictionReceipt({ migrations, runs, reason }: Prediction, steps: readonly PlannedStep[]): PredictionReceipt {
  const known = steps.flatMap(({ predictedMs }) => predictedMs ?? []);
  const totalMs = reason === null ? known.reduce((sum, ms) => sum + ms, 0) : null;
  return { runs, migrations, totalMs, reason };
}

type Told = { readonly what: string; readonly predictedMs?: number };
/** How a phase is told, with its way back where a step takes it back. Undefined: not a step of this plan. */
type Describe<Name extends Phase> = (
  facts: PlanFacts,
) =>
  | ((typeof COPY_UPGRADE)[Name] extends { readonly undo: keyof Steps } ? Told & { readonly undo: string } : Told)
  | undefined;

/** What is said of a phase that no step takes back. */
function usualUndo({ undo, isAfterCommit }: PhaseRow<string>): string | null {
  if (isAfterCommit) return null;
  return undo === 'with green' ? 'goes with green' : 'nothing to undo';
}

const STEPS: { readonly [Name in Phase]: Describe<Name> | undefined } = {
  preflight: undefined,
  plan: undefined,
  lifetimes: ({ settings: { accessTokenLifespanMs } }) =>
    accessTokenLifespanMs === null
      ? undefined
      : {
          what: `access tokens of blue's clients live ${minutes(accessTokenLifespanMs)} until finalize`,
          undo: 'each client gets its own lifetimes back',
        },
  capture: () => ({
    what: 'triggers on the tables of blue record changes in the schema hydra_cutover, proven by a canary',
    undo: 'triggers and schema are removed, table by table',
  }),
  snapshot: ({ settings: { provider } }) => ({
    what: `a snapshot of ${provider.blueInstanceId} is taken`,
    undo: 'the snapshot is removed',
  }),
  restore: ({ settings: { provider } }) => ({
    what: `the snapshot is restored to ${provider.greenInstanceId}, with the settings of ${provider.blueInstanceId}`,
    undo: `${provider.greenInstanceId} is removed`,
  }),
  close: () => ({ what: 'nobody but us may log in to green' }),
  hashes: () => ({
    what: 'what every row of the copy must become is kept on the copy, as hashes',
  }),
  clean: ({ rules, catalog }) => ({
    what: [cleaning(rules), ...adapting(catalog)].join('; '),
  }),
  migrate: ({ settings: { hydraVersion } }) => ({
    what: `migrate sql of Hydra ${hydraVersion.green} runs on green`,
  }),
  repair: () => ({ what: 'what the migration damages is repaired on green' }),
  guard: () => ({ what: 'every table of green refuses writes, until it serves' }),
  vacuum: () => ({ what: 'VACUUM ANALYZE of green' }),
  start: ({ settings: { hydraVersion } }) => ({
    what: `Hydra ${hydraVersion.green} starts on green, which nobody uses yet`,
    undo: 'it is stopped',
  }),
  catchUp: () => ({ what: 'changes of blue are carried to green until few are left' }),
  parity: () => ({ what: 'every row of green is compared with what blue says' }),
  cutover: () => ({
    what: 'a person reads the evidence and approves; until then blue and green stay in step',
  }),
  jobs: ({ jobs }) =>
    jobs.length === 0 ? undefined : { what: `jobs are paused: ${jobs.join(', ')}`, undo: 'they are resumed' },
  samples: ({ settings: { validation } }) => ({
    what: `answers of blue for up to ${validation.subjects} subjects and ${validation.clients} clients are kept to compare`,
  }),
  writes: () => ({
    what:
      "the copy can never serve any more and takes writes; green's Hydra logs a user of ours in, issues, refreshes and revokes tokens, and " +
      'changes a client and keys; then every row is compared once more',
  }),
  switchover: ({ gateways, targets, settings: { switchover } }) => ({
    what:
      `${gateways.length === 1 ? '1 gateway holds' : `${gateways.length} gateways hold`} requests for at most ${switchover.pauseBudgetMs} ms, the last changes are carried, and writes move to green` +
      `${targets.length === 0 ? '' : `, with ${targets.join(', ')}`}; from its commit on THERE IS NO WAY BACK to blue`,
    undo: 'before the commit: blue goes on and requests are released to it. After the commit: none',
  }),
  drain: () => ({ what: 'every revocation that blue recorded is proven on green' }),
  stopBlue: () => ({ what: "Hydra on blue stops; blue's database stays and refuses its writes" }),
  validate: ({ settings: { validation } }) => ({
    what: `the kept answers are compared with those of green${validation.syntheticLogin ? ', and a login is played through on green' : ''}`,
  }),
  bake: ({ settings: { bake } }) => ({
    what: `green is watched for ${minutes(bake.durationMs)}: at least ${bake.requestsMin} requests, at most ${(bake.errorRateMax * 100).toFixed(2)} % errors`,
    predictedMs: bake.durationMs,
  }),
  finalize: ({ settings: { gates } }) => ({
    what:
      gates.finalize === 'manual'
        ? 'a person accepts'
        : 'if the bake is clean and nothing was skipped, it is accepted without asking; else a person accepts',
  }),
  resumeJobs: ({ jobs }) => (jobs.length === 0 ? undefined : { what: `jobs are resumed: ${jobs.join(', ')}` }),
  cleanUp: ({ settings: { provider } }) => ({
    what: `what is ours is removed; the snapshot ${provider.keepSnapshot ? 'stays' : 'too'}; blue's guard stays, so that a Hydra that is started there cannot write. THE COMMIT HAS NO WAY BACK in this version`,
  }),
};

function cleaning(rules: readonly RuleReceipt[]): string {
  const applied = rules.filter(({ kind, rows }) => kind === 'clean' && rows !== 0);
  if (applied.length === 0) return 'green has no data that breaks the migration; nothing is cleaned';
  const counts = applied.map(({ id, title, rows }) => `${id} ${title}: ${rows ?? 'not counted'}`).join('; ');
  return `data that would break the migration is cleaned on green and archived (${counts})`;
}

function adapting(catalog: readonly PlannedObject[] = []): readonly string[] {
  const adapted = catalog.filter(({ onGreen }) => onGreen !== undefined);
  return adapted.length === 0 ? [] : [`${adapted.length} objects are adapted there, which blue keeps (listed apart)`];
}

function minutes(ms: number): string {
  return ms < 60_000 ? `${ms / 1_000} s` : `${Math.round(ms / 60_000)} min`;
}
