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
const SKIP: More = { asked: ['skip'] };
const RETRY: More = { asked: ['retry'] };

/** An undo that fails for good. Where a person gives up, nothing is touched any more from this undo on. */
const retriedOr = (at: UndoStep, left: readonly Trace[]) => ({
  retry: undone('abandonSwitchover', 2, RETRY),
  give_up: back('incomplete', null, 1, {
    ...{ undone: WAY_BACK.slice(0, WAY_BACK.indexOf(at) + 1), asked: ['give_up'], left },
  }),
});

/** A step before gate `cutover`, after whose failure `first` is the first undo. */
const beforeCommit = (first: UndoStep, rejected: Row = undone('stopGreen')): Rows => ({
  failsForGood: undone(first),
  failsTwice: completed(3),
  timesOut: undone(first, 2),
  cancelled: cancelled(first),
  rejected,
  killed: completed(2),
});
/** A step after the commit: a person says how it goes on. */
const afterCommit = (differing: Partial<Rows> = {}): Rows => ({
  failsForGood: completed(1, SKIP),
  failsTwice: completed(3),
  timesOut: completed(2, SKIP),
  cancelled: completed(1, RETRY),
  rejected: completed(1, SKIP),
  killed: completed(2),
  ...differing,
});
/** A step after the last gate, which leaves these behind where it is left out. */
const afterGates = (...left: readonly Trace[]) =>
  afterCommit({ failsForGood: completed(1, { ...SKIP, left }), rejected: NO_GATE });
/** An undo, which leaves this behind where it is left out. */
const takingBack = (left: Trace): Rows => ({
  failsForGood: incomplete(1, [left]),
  failsTwice: undone('abandonSwitchover', 3),
  timesOut: incomplete(2, []),
  cancelled: undone('abandonSwitchover'),
  rejected: NO_GATE,
  killed: undone('abandonSwitchover', 2),
});

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
  extendLifetimes: beforeCommit('restoreLifetimes'),
  enableCapture: beforeCommit('disableCapture'),
  takeSnapshot: beforeCommit('deleteSnapshot'),
  restoreGreen: beforeCommit('deleteGreen'),
  closeGreen: beforeCommit('deleteGreen'),
  cleanGreen: beforeCommit('deleteGreen'),
  migrateGreen: beforeCommit('deleteGreen'),
  repairGreen: beforeCommit('deleteGreen'),
  guardGreen: beforeCommit('deleteGreen'),
  vacuumGreen: beforeCommit('deleteGreen'),
  startGreen: beforeCommit('stopGreen'),
  catchUp: beforeCommit('stopGreen'),
  verifyParity: beforeCommit('stopGreen'),
  gatherEvidence: beforeCommit('stopGreen'),
  keepInSync: beforeCommit('stopGreen'),
  pauseJobs: beforeCommit('resumeJobs', completed(1, SKIP)),
  sampleBlue: beforeCommit('resumeJobs', completed(1, SKIP)),
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
  proveDrain: afterCommit(),
  stopBlue: afterCommit(),
  validate: afterCommit(),
  bake: afterCommit({ cancelled: completed(2, RETRY) }),
  // For the evidence alone: where it fails for good the gate is asked all the same.
  previewJobs: afterCommit({ failsForGood: completed(1), timesOut: completed(2), cancelled: completed(2, RETRY) }),
  guardPurge: afterCommit({ rejected: NO_GATE }),
  finalize: afterGates('capture', 'snapshot'),
  abandonSwitchover: {
    failsForGood: undone('abandonSwitchover', 2, RETRY),
    failsTwice: undone('abandonSwitchover', 3),
    timesOut: undone('abandonSwitchover', 3, RETRY),
    cancelled: undone('abandonSwitchover'),
    rejected: NO_GATE,
    killed: undone('abandonSwitchover', 2),
  },
  resumeJobs: takingBack('jobsPaused'),
  stopGreen: takingBack('greenHydra'),
  deleteGreen: takingBack('green'),
  deleteSnapshot: takingBack('snapshot'),
  disableCapture: takingBack('capture'),
  restoreLifetimes: takingBack('lifetimes'),
};

/** Undos that the way forward ends with as well: there they are steps like any other after the commit. */
export const FORWARD_ROWS = {
  resumeJobs: afterGates('jobsPaused'),
  restoreLifetimes: afterGates('lifetimes'),
} as const satisfies Partial<Record<StepName, Rows>>;

/** An undo that fails for good, by what a person says to it. The claim is not among them: nobody may leave it out. */
export const UNDO_ROWS: Readonly<
  Record<Exclude<UndoStep, 'abandonSwitchover'>, Readonly<Record<'retry' | 'give_up', Row>>>
> = {
  resumeJobs: retriedOr('resumeJobs', ['capture', 'green', 'greenHydra', 'jobsPaused', 'lifetimes', 'snapshot']),
  stopGreen: retriedOr('stopGreen', ['capture', 'green', 'greenHydra', 'lifetimes', 'snapshot']),
  deleteGreen: retriedOr('deleteGreen', ['capture', 'green', 'lifetimes', 'snapshot']),
  deleteSnapshot: retriedOr('deleteSnapshot', ['capture', 'lifetimes', 'snapshot']),
  disableCapture: retriedOr('disableCapture', ['capture', 'lifetimes']),
  restoreLifetimes: retriedOr('restoreLifetimes', ['lifetimes']),
};
