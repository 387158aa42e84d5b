import { type StepName } from './fake-steps';

/** Every step that has an undo, with it; in the order of the runbook. */
const UNDOS: readonly (readonly [StepName, StepName])[] = [
  ['extendLifetimes', 'restoreLifetimes'],
  ['enableCapture', 'disableCapture'],
  ['takeSnapshot', 'deleteSnapshot'],
  ['restoreGreen', 'deleteGreen'],
  ['startGreen', 'stopGreen'],
  ['pauseJobs', 'resumeJobs'],
  ['switchover', 'abandonSwitchover'],
];
export const BEFORE_COMMIT: readonly StepName[] = [
  'extendLifetimes',
  'enableCapture',
  'takeSnapshot',
  'restoreGreen',
  'closeGreen',
  'cleanGreen',
  'migrateGreen',
  'repairGreen',
  'guardGreen',
  'vacuumGreen',
  'startGreen',
  'catchUp',
  'verifyParity',
  'gatherEvidence',
  'keepInSync',
  'pauseJobs',
  'sampleBlue',
  'switchover',
];

/** What must be undone, newest first, when `failing` was the last step that was called. */
export function undosAfter(failing: StepName): StepName[] {
  const reached = BEFORE_COMMIT.slice(0, BEFORE_COMMIT.indexOf(failing) + 1);
  return UNDOS.filter(([act]) => reached.includes(act))
    .map(([, undo]) => undo)
    .reverse();
}

const undoNames = UNDOS.map(([, undo]) => undo);
export const undosIn = (calls: readonly StepName[]) => calls.filter((name) => undoNames.includes(name));
