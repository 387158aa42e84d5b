import { abandonSwitchover } from './abandon-switchover';
import { type StepTable } from './at-boundary';
import { bake } from './bake';
import { catchUp } from './catch-up';
import { cleanGreen } from './clean-green';
import { closeGreen } from './close-green';
import { compareAnswers } from './compare-answers';
import { disableCapture } from './disable-capture';
import { enableCapture } from './enable-capture';
import { finalize } from './finalize';
import { gatherEvidence } from './gather-evidence';
import { startGreen, stopGreen, stopBlue } from './green-hydra';
import { guardGreen } from './guard-green';
import { guardPurge } from './guard-purge';
import { pauseJobs, resumeJobs } from './jobs';
import { keepInSync } from './keep-in-sync';
import { extendLifetimes, restoreLifetimes } from './lifetimes';
import { migrateGreen } from './migrate-green';
import { preflight } from './preflight';
import { proveDrain } from './prove-drain';
import { readMetrics } from './read-metrics';
import { compareRowHashes, keepRowHashes } from './rehearsal/row-hashes';
import { tryWrites } from './rehearsal/try-writes';
import { repairGreen } from './repair-green';
import { sampleBlue } from './samples';
import { takeSnapshot, deleteSnapshot, restoreGreen, deleteGreen } from './snapshot';
import { switchover } from './switchover';
import { vacuumGreen } from './vacuum-green';
import { validate } from './validate';
import { verifyParity } from './verify-parity';

/** The code of every step. */
export const STEPS: StepTable = {
  preflight,
  extendLifetimes,
  restoreLifetimes,
  enableCapture,
  disableCapture,
  takeSnapshot,
  deleteSnapshot,
  restoreGreen,
  deleteGreen,
  closeGreen,
  keepRowHashes,
  cleanGreen,
  migrateGreen,
  repairGreen,
  guardGreen,
  vacuumGreen,
  startGreen,
  stopGreen,
  catchUp,
  keepInSync,
  verifyParity,
  compareRowHashes,
  compareAnswers,
  tryWrites,
  gatherEvidence,
  pauseJobs,
  resumeJobs,
  sampleBlue,
  switchover,
  abandonSwitchover,
  proveDrain,
  stopBlue,
  validate,
  bake,
  previewJobs: guardPurge,
  guardPurge,
  readMetrics,
  finalize,
};
