import { CutoverFault } from '../domain/faults';
import { type StepTable } from './at-boundary';
import { cleanGreen } from './clean-green';
import { closeGreen } from './close-green';
import { disableCapture } from './disable-capture';
import { enableCapture } from './enable-capture';
import { finalize } from './finalize';
import { startGreen, stopGreen, stopBlue } from './green-hydra';
import { guardGreen } from './guard-green';
import { migrateGreen } from './migrate-green';
import { proveDrain } from './prove-drain';
import { repairGreen } from './repair-green';
import { takeSnapshot, deleteSnapshot, restoreGreen, deleteGreen } from './snapshot';
import { vacuumGreen } from './vacuum-green';
import { verifyParity } from './verify-parity';

/** The code of every step. */
export const STEPS: StepTable = {
  preflight: notBuilt('preflight'),
  extendLifetimes: notBuilt('extendLifetimes'),
  restoreLifetimes: notBuilt('restoreLifetimes'),
  enableCapture,
  disableCapture,
  takeSnapshot,
  deleteSnapshot,
  restoreGreen,
  deleteGreen,
  closeGreen,
  cleanGreen,
  migrateGreen,
  repairGreen,
  guardGreen,
  vacuumGreen,
  startGreen,
  stopGreen,
  catchUp: notBuilt('catchUp'),
  keepInSync: notBuilt('keepInSync'),
  verifyParity,
  gatherEvidence: notBuilt('gatherEvidence'),
  pauseJobs: notBuilt('pauseJobs'),
  resumeJobs: notBuilt('resumeJobs'),
  sampleBlue: notBuilt('sampleBlue'),
  switchover: notBuilt('switchover'),
  abandonSwitchover: notBuilt('abandonSwitchover'),
  proveDrain,
  stopBlue,
  validate: notBuilt('validate'),
  bake: notBuilt('bake'),
  guardPurge: notBuilt('guardPurge'),
  readMetrics: notBuilt('readMetrics'),
  finalize,
};

function notBuilt(step: string): () => Promise<never> {
  return async () => {
    throw new CutoverFault('INTERNAL', `step ${step} is not built yet`);
  };
}
