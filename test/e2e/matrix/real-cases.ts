import { PREPARING_PHASES, type Mode, type Phase } from '../../../domain/runbook';
import { type RehearsalStep } from '../../../domain/runbooks/copy-upgrade';
import { type Steps } from '../../../domain/steps';
import { type RealRun } from './real-run';

/** One run of the real world with something done to it. */
export interface RealCase {
  readonly title: string;
  readonly ends: 'undone' | 'cancelled' | 'completed';
  /** Sections of the config that this run has instead of the world's. */
  readonly config?: Readonly<Record<string, object>>;
  /** @default 'real' */
  readonly mode?: Mode;
  /** An upgrade in place, of a world that begins with Hydra 1.3.2. @default false */
  readonly inPlace?: boolean;
  /** Of an upgrade in place: it ends once statements have run, so that the old version goes on through its views. @default false */
  readonly layerStays?: boolean;
  /** Brings the run to where only its end is to be waited for. */
  readonly play: (run: RealRun) => Promise<void>;
}

const BEFORE_CUTOVER: readonly Phase[] = [...PREPARING_PHASES, 'cutover'];

const cancelledIn = (phase: Phase): RealCase => ({
  title: `cancelled in ${phase}`,
  ends: 'cancelled',
  ...(phase === 'lifetimes' && { config: { levers: { accessTokenLifespanMs: 7_200_000 } } }),
  play: async (run) => {
    await run.decide('plan');
    await run.reaches(phase);
    await run.cancel();
  },
});

/** The one that `npm test` plays: the worst of what comes before the commit, at once. */
export const CHOSEN: RealCase = {
  title:
    "no fence comes up, the worker is killed in the switchover, a person cancels, and green's stop command fails until it is fixed",
  ends: 'cancelled',
  play: async (run) => {
    await run.decide('plan');
    await run.until('gate cutover', ({ awaiting }) => awaiting?.gate === 'cutover');
    await run.holdBlue();
    await run.decide('cutover');
    await run.reaches('switchover');
    await run.kill();
    await run.breakCommand('green.stop');
    await run.cancel();
    const { awaiting, phase } = await run.until('gate intervene', (status) => status.awaiting?.gate === 'intervene');
    if (phase !== 'start') throw new Error(`a person is asked in ${phase}: ${awaiting?.why}`);
    await run.releaseBlue();
    await run.mend();
    await run.decide('intervene', 'retry');
  },
};

/** Every run but the last leaves the world as it was, so that one world is enough. */
export const REAL_CASES: readonly RealCase[] = [
  { title: 'rejected at gate plan', ends: 'undone', play: (run) => run.decide('plan', 'reject') },
  ...BEFORE_CUTOVER.map(cancelledIn),
  {
    title: 'killed in every phase of the preparation, then rejected at gate cutover and killed in every undo',
    ends: 'undone',
    play: async (run) => {
      await run.decide('plan');
      for (const phase of ['capture', 'snapshot', 'restore', 'migrate', 'start', 'catchUp', 'parity'] as const) {
        await run.reaches(phase);
        await run.kill();
      }
      await run.decide('cutover', 'reject');
      for (const phase of ['start', 'restore', 'snapshot', 'capture'] as const) {
        await run.undoes(phase);
        await run.kill();
      }
    },
  },
  {
    title: "green's migrate command fails",
    ends: 'undone',
    play: async (run) => {
      await run.breakCommand('green.migrate');
      await run.decide('plan');
    },
  },
  {
    title: "green's start command fails",
    ends: 'undone',
    play: async (run) => {
      await run.breakCommand('green.start');
      await run.decide('plan');
    },
  },
  {
    title: 'no attempt of the switchover gets its fence; a person is asked again and rejects',
    ends: 'undone',
    play: async (run) => {
      await run.decide('plan');
      await run.until('gate cutover', ({ awaiting }) => awaiting?.gate === 'cutover');
      await run.holdBlue();
      await run.decide('cutover');
      await run.reaches('switchover');
      await run.until('gate cutover again', ({ awaiting, phases }) => {
        return awaiting?.gate === 'cutover' && phases.some(({ name }) => name === 'switchover');
      });
      await run.releaseBlue();
      await run.decide('cutover', 'reject');
    },
  },
  CHOSEN,
  {
    title: "a drill, killed in every phase after the commit, and blue's stop command fails until a person fixes it",
    ends: 'completed',
    mode: 'drill',
    play: async (run) => {
      await run.breakCommand('blue.stop');
      await run.decide('plan');
      await run.decide('cutover');
      await run.until('gate intervene', ({ awaiting }) => awaiting?.gate === 'intervene');
      await run.mend();
      await run.decide('intervene', 'retry');
      for (const phase of ['validate', 'bake'] as const) {
        await run.reaches(phase);
        await run.kill();
      }
      await run.decide('finalize');
      for (const phase of ['resumeJobs', 'cleanUp'] as const) {
        await run.until(phase, ({ phases, report }) => report !== null || phases.some(({ name }) => name === phase));
        await run.kill();
      }
    },
  },
];

/** In which real case each step meets a failure: a step without one does not compile. */
export const STRUCK: Readonly<Record<Exclude<keyof Steps, RehearsalStep>, string>> = {
  preflight: 'rejected at gate plan',
  extendLifetimes: 'cancelled in lifetimes',
  restoreLifetimes: 'cancelled in lifetimes',
  enableCapture: 'cancelled in capture',
  disableCapture: 'killed in every phase of the preparation',
  takeSnapshot: 'cancelled in snapshot',
  deleteSnapshot: 'killed in every phase of the preparation',
  restoreGreen: 'cancelled in restore',
  deleteGreen: 'killed in every phase of the preparation',
  closeGreen: 'cancelled in close',
  cleanGreen: 'cancelled in clean',
  migrateGreen: "green's migrate command fails",
  repairGreen: 'cancelled in repair',
  guardGreen: 'cancelled in guard',
  vacuumGreen: 'cancelled in vacuum',
  startGreen: "green's start command fails",
  stopGreen: 'no fence comes up, the worker is killed',
  catchUp: 'cancelled in catchUp',
  keepInSync: 'cancelled in cutover',
  verifyParity: 'cancelled in parity',
  gatherEvidence: 'cancelled in cutover',
  pauseJobs: 'no attempt of the switchover gets its fence',
  resumeJobs: 'no attempt of the switchover gets its fence',
  sampleBlue: 'no attempt of the switchover gets its fence',
  switchover: 'no fence comes up, the worker is killed',
  abandonSwitchover: 'no fence comes up, the worker is killed',
  proveDrain: 'a drill, killed in every phase after the commit',
  stopBlue: 'a drill, killed in every phase after the commit',
  validate: 'a drill, killed in every phase after the commit',
  bake: 'a drill, killed in every phase after the commit',
  previewJobs: 'a drill, killed in every phase after the commit',
  guardPurge: 'a drill, killed in every phase after the commit',
  readMetrics: 'a drill, killed in every phase after the commit',
  finalize: 'a drill, killed in every phase after the commit',
};
