import { COPY_UPGRADE, type RehearsalStep } from '../../../domain/runbooks/copy-upgrade';
import { waysBack } from '../../../domain/runbooks/phase-row';
import { type StepName } from '../support/fake-steps';
import { type Trace, type UndoStep } from './model-world';
import { NO_GATE, type Row as AnyRow, type Rows as AnyRows } from './row';

type Row = AnyRow<UndoStep, Trace>;
type Rows = AnyRows<Row>;

const WAY_BACK = waysBack(COPY_UPGRADE) as readonly UndoStep[];

/** The way back, beginning with the undo of the newest act. */
const from = (first: UndoStep | null): readonly UndoStep[] =>
  first === null ? [] : WAY_BACK.slice(WAY_BACK.indexOf(first));

type More = Partial<Row>;
const back = (end: Row['end'], first: UndoStep | null, attempts: number, more: More): Row => ({
  end,
  writes: 'blue',
  undone: from(first),
  attempts,
  asked: [],
  left: [],
  ...more,
});
const undone = (first: UndoStep | null, attempts = 1, more: More = {}) => back('undone', first, attempts, more);
const cancelled = (first: UndoStep | null, attempts = 1) => back('cancelled', first, attempts, {});
const refused = (attempts = 1) => back('refused', null, attempts, {});
/** The way back from the switchover, on which one undo is left out. */
const incomplete = (attempts: number, left: readonly Trace[]) =>
  back('incomplete', 'abandonSwitchover', attempts, { asked: ['skip'], left });
const completed = (attempts = 1, more: More = {}): Row => ({
  end: 'completed',
  writes: 'green',
  undone: [],
  attempts,
  asked: [],
  left: [],
  ...more,
});
/** Nothing is touched any more from this undo on. */
const givenUp = (at: UndoStep, left: readonly Trace[]): Row =>
  back('incomplete', null, 1, { undone: WAY_BACK.slice(0, WAY_BACK.indexOf(at) + 1), asked: ['give_up'], left });
const SKIP: More = { asked: ['skip'] };
const RETRY: More = { asked: ['retry'] };

/**
 * Every step of the runbook against everything that can go wrong with it. Undos are looked at on the way back from a
 * switchover that failed with its fence on; a step with no row here fails the suite. Those of rehearsals have theirs beside them.
 */
export const ROWS: Readonly<Record<Exclude<StepName, RehearsalStep>, Rows>> = {
  preflight: {
    failsForGood: refused(),
    failsTwice: completed(3),
    timesOut: refused(2),
    cancelled: cancelled(null),
    rejected: undone(null),
    killed: completed(2),
  },
  extendLifetimes: {
    failsForGood: undone('restoreLifetimes'),
    failsTwice: completed(3),
    timesOut: undone('restoreLifetimes', 2),
    cancelled: cancelled('restoreLifetimes'),
    rejected: undone('stopGreen'),
    killed: completed(2),
  },
  enableCapture: {
    failsForGood: undone('disableCapture'),
    failsTwice: completed(3),
    timesOut: undone('disableCapture', 2),
    cancelled: cancelled('disableCapture'),
    rejected: undone('stopGreen'),
    killed: completed(2),
  },
  takeSnapshot: {
    failsForGood: undone('deleteSnapshot'),
    failsTwice: completed(3),
    timesOut: undone('deleteSnapshot', 2),
    cancelled: cancelled('deleteSnapshot'),
    rejected: undone('stopGreen'),
    killed: completed(2),
  },
  restoreGreen: {
    failsForGood: undone('deleteGreen'),
    failsTwice: completed(3),
    timesOut: undone('deleteGreen', 2),
    cancelled: cancelled('deleteGreen'),
    rejected: undone('stopGreen'),
    killed: completed(2),
  },
  closeGreen: {
    failsForGood: undone('deleteGreen'),
    failsTwice: completed(3),
    timesOut: undone('deleteGreen', 2),
    cancelled: cancelled('deleteGreen'),
    rejected: undone('stopGreen'),
    killed: completed(2),
  },
  cleanGreen: {
    failsForGood: undone('deleteGreen'),
    failsTwice: completed(3),
    timesOut: undone('deleteGreen', 2),
    cancelled: cancelled('deleteGreen'),
    rejected: undone('stopGreen'),
    killed: completed(2),
  },
  migrateGreen: {
    failsForGood: undone('deleteGreen'),
    failsTwice: completed(3),
    timesOut: undone('deleteGreen', 2),
    cancelled: cancelled('deleteGreen'),
    rejected: undone('stopGreen'),
    killed: completed(2),
  },
  repairGreen: {
    failsForGood: undone('deleteGreen'),
    failsTwice: completed(3),
    timesOut: undone('deleteGreen', 2),
    cancelled: cancelled('deleteGreen'),
    rejected: undone('stopGreen'),
    killed: completed(2),
  },
  guardGreen: {
    failsForGood: undone('deleteGreen'),
    failsTwice: completed(3),
    timesOut: undone('deleteGreen', 2),
    cancelled: cancelled('deleteGreen'),
    rejected: undone('stopGreen'),
    killed: completed(2),
  },
  vacuumGreen: {
    failsForGood: undone('deleteGreen'),
    failsTwice: completed(3),
    timesOut: undone('deleteGreen', 2),
    cancelled: cancelled('deleteGreen'),
    rejected: undone('stopGreen'),
    killed: completed(2),
  },
  startGreen: {
    failsForGood: undone('stopGreen'),
    failsTwice: completed(3),
    timesOut: undone('stopGreen', 2),
    cancelled: cancelled('stopGreen'),
    rejected: undone('stopGreen'),
    killed: completed(2),
  },
  catchUp: {
    failsForGood: undone('stopGreen'),
    failsTwice: completed(3),
    timesOut: undone('stopGreen', 2),
    cancelled: cancelled('stopGreen'),
    rejected: undone('stopGreen'),
    killed: completed(2),
  },
  verifyParity: {
    failsForGood: undone('stopGreen'),
    failsTwice: completed(3),
    timesOut: undone('stopGreen', 2),
    cancelled: cancelled('stopGreen'),
    rejected: undone('stopGreen'),
    killed: completed(2),
  },
  gatherEvidence: {
    failsForGood: undone('stopGreen'),
    failsTwice: completed(3),
    timesOut: undone('stopGreen', 2),
    cancelled: cancelled('stopGreen'),
    rejected: undone('stopGreen'),
    killed: completed(2),
  },
  keepInSync: {
    failsForGood: undone('stopGreen'),
    failsTwice: completed(3),
    timesOut: undone('stopGreen', 2),
    cancelled: cancelled('stopGreen'),
    rejected: undone('stopGreen'),
    killed: completed(2),
  },
  pauseJobs: {
    failsForGood: undone('resumeJobs'),
    failsTwice: completed(3),
    timesOut: undone('resumeJobs', 2),
    cancelled: cancelled('resumeJobs'),
    rejected: completed(1, SKIP),
    killed: completed(2),
  },
  sampleBlue: {
    failsForGood: undone('resumeJobs'),
    failsTwice: completed(3),
    timesOut: undone('resumeJobs', 2),
    cancelled: cancelled('resumeJobs'),
    rejected: completed(1, SKIP),
    killed: completed(2),
  },
  readMetrics: {
    failsForGood: completed(2),
    failsTwice: completed(4),
    timesOut: completed(3),
    cancelled: cancelled('resumeJobs'),
    rejected: completed(2, SKIP),
    killed: completed(3),
  },
  switchover: {
    failsForGood: undone('abandonSwitchover'),
    failsTwice: completed(3),
    timesOut: completed(4, { ...RETRY, undone: ['abandonSwitchover'] }),
    cancelled: cancelled('abandonSwitchover'),
    rejected: completed(1, SKIP),
    killed: completed(2),
  },
  proveDrain: {
    failsForGood: completed(1, SKIP),
    failsTwice: completed(3),
    timesOut: completed(2, SKIP),
    cancelled: completed(1, RETRY),
    rejected: completed(1, SKIP),
    killed: completed(2),
  },
  stopBlue: {
    failsForGood: completed(1, SKIP),
    failsTwice: completed(3),
    timesOut: completed(2, SKIP),
    cancelled: completed(1, RETRY),
    rejected: completed(1, SKIP),
    killed: completed(2),
  },
  validate: {
    failsForGood: completed(1, SKIP),
    failsTwice: completed(3),
    timesOut: completed(2, SKIP),
    cancelled: completed(1, RETRY),
    rejected: completed(1, SKIP),
    killed: completed(2),
  },
  bake: {
    failsForGood: completed(1, SKIP),
    failsTwice: completed(3),
    timesOut: completed(2, SKIP),
    cancelled: completed(2, RETRY),
    rejected: completed(1, SKIP),
    killed: completed(2),
  },
  // For the evidence alone: where it fails for good the gate is asked all the same.
  previewJobs: {
    failsForGood: completed(1),
    failsTwice: completed(3),
    timesOut: completed(2),
    cancelled: completed(2, RETRY),
    rejected: completed(1, SKIP),
    killed: completed(2),
  },
  guardPurge: {
    failsForGood: completed(1, SKIP),
    failsTwice: completed(3),
    timesOut: completed(2, SKIP),
    cancelled: completed(1, RETRY),
    rejected: NO_GATE,
    killed: completed(2),
  },
  finalize: {
    failsForGood: completed(1, { ...SKIP, left: ['capture', 'snapshot'] }),
    failsTwice: completed(3),
    timesOut: completed(2, SKIP),
    cancelled: completed(1, RETRY),
    rejected: NO_GATE,
    killed: completed(2),
  },
  abandonSwitchover: {
    failsForGood: undone('abandonSwitchover', 2, RETRY),
    failsTwice: undone('abandonSwitchover', 3),
    timesOut: undone('abandonSwitchover', 3, RETRY),
    cancelled: undone('abandonSwitchover'),
    rejected: NO_GATE,
    killed: undone('abandonSwitchover', 2),
  },
  resumeJobs: {
    failsForGood: incomplete(1, ['jobsPaused']),
    failsTwice: undone('abandonSwitchover', 3),
    timesOut: incomplete(2, []),
    cancelled: undone('abandonSwitchover'),
    rejected: NO_GATE,
    killed: undone('abandonSwitchover', 2),
  },
  stopGreen: {
    failsForGood: incomplete(1, ['greenHydra']),
    failsTwice: undone('abandonSwitchover', 3),
    timesOut: incomplete(2, []),
    cancelled: undone('abandonSwitchover'),
    rejected: NO_GATE,
    killed: undone('abandonSwitchover', 2),
  },
  deleteGreen: {
    failsForGood: incomplete(1, ['green']),
    failsTwice: undone('abandonSwitchover', 3),
    timesOut: incomplete(2, []),
    cancelled: undone('abandonSwitchover'),
    rejected: NO_GATE,
    killed: undone('abandonSwitchover', 2),
  },
  deleteSnapshot: {
    failsForGood: incomplete(1, ['snapshot']),
    failsTwice: undone('abandonSwitchover', 3),
    timesOut: incomplete(2, []),
    cancelled: undone('abandonSwitchover'),
    rejected: NO_GATE,
    killed: undone('abandonSwitchover', 2),
  },
  disableCapture: {
    failsForGood: incomplete(1, ['capture']),
    failsTwice: undone('abandonSwitchover', 3),
    timesOut: incomplete(2, []),
    cancelled: undone('abandonSwitchover'),
    rejected: NO_GATE,
    killed: undone('abandonSwitchover', 2),
  },
  restoreLifetimes: {
    failsForGood: incomplete(1, ['lifetimes']),
    failsTwice: undone('abandonSwitchover', 3),
    timesOut: incomplete(2, []),
    cancelled: undone('abandonSwitchover'),
    rejected: NO_GATE,
    killed: undone('abandonSwitchover', 2),
  },
};

/** Undos that the way forward ends with as well: there they are steps like any other after the commit. */
export const FORWARD_ROWS = {
  resumeJobs: {
    failsForGood: completed(1, { ...SKIP, left: ['jobsPaused'] }),
    failsTwice: completed(3),
    timesOut: completed(2, SKIP),
    cancelled: completed(1, RETRY),
    rejected: NO_GATE,
    killed: completed(2),
  },
  restoreLifetimes: {
    failsForGood: completed(1, { ...SKIP, left: ['lifetimes'] }),
    failsTwice: completed(3),
    timesOut: completed(2, SKIP),
    cancelled: completed(1, RETRY),
    rejected: NO_GATE,
    killed: completed(2),
  },
} as const satisfies Partial<Record<StepName, Rows>>;

/** An undo that fails for good, by what a person says to it. The claim is not among them: nobody may leave it out. */
export const UNDO_ROWS: Readonly<
  Record<Exclude<UndoStep, 'abandonSwitchover'>, Readonly<Record<'retry' | 'give_up', Row>>>
> = {
  resumeJobs: {
    retry: undone('abandonSwitchover', 2, RETRY),
    give_up: givenUp('resumeJobs', ['capture', 'green', 'greenHydra', 'jobsPaused', 'lifetimes', 'snapshot']),
  },
  stopGreen: {
    retry: undone('abandonSwitchover', 2, RETRY),
    give_up: givenUp('stopGreen', ['capture', 'green', 'greenHydra', 'lifetimes', 'snapshot']),
  },
  deleteGreen: {
    retry: undone('abandonSwitchover', 2, RETRY),
    give_up: givenUp('deleteGreen', ['capture', 'green', 'lifetimes', 'snapshot']),
  },
  deleteSnapshot: {
    retry: undone('abandonSwitchover', 2, RETRY),
    give_up: givenUp('deleteSnapshot', ['capture', 'lifetimes', 'snapshot']),
  },
  disableCapture: {
    retry: undone('abandonSwitchover', 2, RETRY),
    give_up: givenUp('disableCapture', ['capture', 'lifetimes']),
  },
  restoreLifetimes: {
    retry: undone('abandonSwitchover', 2, RETRY),
    give_up: givenUp('restoreLifetimes', ['lifetimes']),
  },
};
