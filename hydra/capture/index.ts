export { type SentCanary, isCanaryDone, sendCanary } from './canary';
export {
  type ForeignTrigger,
  captureProblems,
  existingTriggersOfOurName,
  logAltogether,
  logRewrites,
  logRewritesAndCount,
} from './capture-problems';
export { type ChangeLogSize, type PruneOptions, changeLogSize, lastChangeId, pruneChangeLog } from './change-log';
export { type InstallCaptureOptions, installCapture } from './install-capture';
export { isCaptureInstalled, removeCapture } from './remove-capture';
export { type NotedRevocation, type RevocationKind, REVOCATION_KINDS, readNoted } from './revocations';
export { type CompareLedgerOptions, type LedgerComparison, compareLedger } from './compare-ledger';
export { readNotCarried } from './read-not-carried';
export { loggedSince, markLog } from './logged-writes';
export { forgetLifetimes, raiseLifetimes, restoreRaisedLifetimes } from './lifetimes';
