export { type SentCanary, isCanaryDone, sendCanary } from './canary';
export {
  captureProblems,
  existingTriggersOfOurName,
  logAltogether,
  logRewrites,
  logRewritesAndCount,
} from './capture-problems';
export { type ChangeLogSize, changeLogSize, lastChangeId, pruneChangeLog } from './change-log';
export { installCapture } from './install-capture';
export { isCaptureInstalled, removeCapture } from './remove-capture';
export { type RevocationKind, REVOCATION_KINDS, readNoted } from './revocations';
export { compareLedger } from './compare-ledger';
export { readNotCarried } from './read-not-carried';
export { loggedSince, markLog } from './logged-writes';
export { forgetLifetimes, raiseLifetimes, restoreRaisedLifetimes } from './lifetimes';
