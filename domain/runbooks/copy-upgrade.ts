import { type Steps } from '../steps';
import { type PhaseRow } from './phase-row';

/** Blue-green: the phases of `upgradeHydra`, real and rehearsed, in order. */
export const COPY_UPGRADE = {
  preflight: { title: 'checks on both sides', acts: ['preflight'], trials: ['preflight'], untraced: ['preflight'] },
  plan: { title: 'a person reads the plan', acts: [], trials: [], waitsForPeople: true },
  lifetimes: {
    title: 'longer token lifetimes on blue',
    acts: ['extendLifetimes'],
    undo: 'restoreLifetimes',
    untraced: ['extendLifetimes'],
    mayBeAskedFor: true,
  },
  capture: {
    title: 'changes on blue are recorded',
    acts: ['enableCapture'],
    undo: 'disableCapture',
    mayBeAskedFor: true,
  },
  snapshot: {
    title: 'snapshot of blue',
    acts: ['takeSnapshot'],
    trials: ['takeSnapshot'],
    undo: 'deleteSnapshot',
    mayBeAskedFor: true,
    growsWith: 'bytes',
  },
  restore: {
    title: 'restore to green',
    acts: ['restoreGreen'],
    trials: ['restoreGreen'],
    undo: 'deleteGreen',
    mayBeAskedFor: true,
    growsWith: 'bytes',
  },
  close: {
    title: 'green closed to everybody',
    acts: ['closeGreen'],
    trials: ['closeGreen'],
    undo: 'with green',
    mayBeAskedFor: true,
  },
  hashes: {
    title: 'what the rows must become (rehearsals)',
    acts: [],
    trials: ['keepRowHashes'],
    undo: 'with green',
    growsWith: 'rows',
  },
  clean: {
    title: 'data that would break migrations',
    acts: ['cleanGreen'],
    trials: ['cleanGreen'],
    undo: 'with green',
    mayBeAskedFor: true,
    growsWith: 'rows',
  },
  migrate: {
    title: 'hydra migrate sql on green',
    acts: ['migrateGreen'],
    trials: ['migrateGreen'],
    undo: 'with green',
    mayBeAskedFor: true,
    growsWith: 'bytes',
  },
  repair: {
    title: 'what the migration damaged',
    acts: ['repairGreen'],
    trials: ['repairGreen'],
    undo: 'with green',
    mayBeAskedFor: true,
    growsWith: 'rows',
  },
  guard: {
    title: 'guards on green',
    acts: ['guardGreen'],
    trials: ['guardGreen'],
    undo: 'with green',
    mayBeAskedFor: true,
  },
  vacuum: {
    title: 'statistics and bloat',
    acts: ['vacuumGreen'],
    trials: ['vacuumGreen'],
    undo: 'with green',
    mayBeAskedFor: true,
    growsWith: 'bytes',
  },
  start: {
    title: 'Hydra on green starts, write-closed',
    acts: ['startGreen'],
    trials: ['startGreen'],
    undo: 'stopGreen',
    mayBeAskedFor: true,
  },
  catchUp: {
    title: 'changes since the snapshot',
    acts: ['catchUp'],
    undo: 'with green',
    mayBeAskedFor: true,
  },
  parity: {
    title: 'every row compared',
    acts: ['verifyParity'],
    trials: ['compareRowHashes'],
    mayBeAskedFor: true,
    growsWith: 'rows',
  },
  cutover: { title: 'a person reads the evidence', acts: ['gatherEvidence', 'keepInSync'], waitsForPeople: true },
  jobs: { title: 'jobs of dependents paused', acts: ['pauseJobs'], undo: 'resumeJobs' },
  samples: {
    title: "blue's answers kept for comparison",
    acts: ['sampleBlue', 'readMetrics'],
    trials: ['compareAnswers'],
    untraced: ['readMetrics'],
  },
  writes: {
    title: "green's own Hydra writes (rehearsals)",
    acts: [],
    trials: ['tryWrites'],
    undo: 'with green',
    growsWith: 'rows',
  },
  switchover: {
    title: 'writes move',
    acts: ['switchover'],
    undo: 'abandonSwitchover',
    untraced: ['switchover', 'abandonSwitchover'],
  },
  drain: { title: 'captured = applied', acts: ['proveDrain'], isAfterCommit: true, maySkip: true },
  stopBlue: { title: 'Hydra on blue stops', acts: ['stopBlue'], isAfterCommit: true, maySkip: true },
  validate: { title: "green's answers", acts: ['validate'], isAfterCommit: true, maySkip: true },
  bake: { title: 'error rate and latency', acts: ['bake', 'readMetrics'], isAfterCommit: true, maySkip: true },
  finalize: {
    title: 'a person accepts',
    acts: ['previewJobs'],
    isAfterCommit: true,
    maySkip: true,
    untraced: ['previewJobs'],
    waitsForPeople: true,
  },
  resumeJobs: {
    title: 'jobs of dependents resumed',
    acts: ['guardPurge', 'resumeJobs'],
    isAfterCommit: true,
    maySkip: true,
  },
  cleanUp: { title: 'ours removed', acts: ['restoreLifetimes', 'finalize'], isAfterCommit: true, maySkip: true },
} as const satisfies Readonly<Record<string, PhaseRow<keyof Steps>>>;

type Row = (typeof COPY_UPGRADE)[keyof typeof COPY_UPGRADE];
/** Steps that a rehearsal alone takes. */
export type RehearsalStep = Exclude<Extract<Row, { trials: unknown }>['trials'][number], Row['acts'][number]>;

const rows: readonly PhaseRow<keyof Steps>[] = Object.values(COPY_UPGRADE);
const taken = rows.flatMap(({ acts }) => acts);
export const REHEARSAL_STEPS = rows
  .flatMap(({ trials = [] }) => trials)
  .filter((step) => !taken.includes(step)) as readonly RehearsalStep[];

/** What leaves no note on blue. */
export const UNTRACED_STEPS: readonly (keyof Steps)[] = [
  ...rows.flatMap(({ untraced = [] }) => untraced),
  ...REHEARSAL_STEPS,
];
