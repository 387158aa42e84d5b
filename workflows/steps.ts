import { proxyActivities } from '@temporalio/workflow';
import { type Steps } from '../domain/steps';
import { PROFILES, type ProfileName, proxySteps } from './profiles';

/** Each step, by profile, with the line that the Temporal UI shows for it. */
const STEP_OPTIONS = {
  preflight: ['look', 'checks on both sides'],
  extendLifetimes: ['act', 'longer token lifetimes on blue'],
  restoreLifetimes: ['undo', 'token lifetimes as before'],
  enableCapture: ['long', 'record changes on blue'],
  disableCapture: ['undo', 'stop recording on blue'],
  takeSnapshot: ['long', 'snapshot of blue'],
  deleteSnapshot: ['undo', 'delete the snapshot'],
  restoreGreen: ['long', 'restore to green'],
  deleteGreen: ['undo', 'delete green'],
  closeGreen: ['act', 'close green to everybody'],
  keepRowHashes: ['long', 'what every row must become'],
  cleanGreen: ['long', 'clean what would break migrations'],
  migrateGreen: ['long', 'hydra migrate sql on green'],
  repairGreen: ['long', 'repair what the migration damaged'],
  guardGreen: ['act', 'guards on green'],
  vacuumGreen: ['long', 'vacuum and analyze green'],
  startGreen: ['act', 'start Hydra on green'],
  stopGreen: ['undo', 'stop Hydra on green'],
  catchUp: ['long', 'carry changes since the snapshot'],
  keepInSync: ['sync', 'keep green in sync beside the gate'],
  verifyParity: ['long', 'compare every row'],
  compareRowHashes: ['long', 'compare every row of the copy'],
  compareAnswers: ['long', "compare Hydra's answers"],
  tryWrites: ['long', "write through green's Hydra"],
  gatherEvidence: ['long', 'evidence for the cutover'],
  pauseJobs: ['act', 'pause jobs of dependents'],
  resumeJobs: ['undo', 'resume jobs of dependents'],
  // As patient as the steps before it: all that they made is taken back with it.
  sampleBlue: ['long', "keep blue's answers"],
  switchover: ['switchover', 'move writes to green'],
  abandonSwitchover: ['undo', 'give the switchover up'],
  proveDrain: ['forward', 'captured = applied'],
  stopBlue: ['forward', 'stop Hydra on blue'],
  validate: ['forward', "check green's answers"],
  bake: ['forward', 'watch error rate and latency'],
  previewJobs: ['look', 'what would jobs remove now'],
  guardPurge: ['forward', 'what would jobs remove now'],
  readMetrics: ['look', "read Hydra's metrics"],
  finalize: ['forward', 'remove what is ours'],
} as const satisfies Record<keyof Steps, readonly [ProfileName, string]>;

export const steps: Steps = proxySteps<Steps>(STEP_OPTIONS);

/** The switchover once it is known to be committed: the same step, with the patience of everything after the commit. */
export const patientSwitchover: Steps['switchover'] = proxyActivities<Steps>({
  ...PROFILES.forward,
  heartbeatTimeout: '5 seconds',
  summary: 'finish the switchover',
}).switchover;
