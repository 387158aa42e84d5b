export * from './arbiter';
export {
  type ArbiterDescription,
  type AttemptDescription,
  describeArbiter,
  hasTakenWrites,
  latestAttempt,
} from './describe-arbiter';
export { grantArbiter, letRead } from './grant-arbiter';
export {
  type GuardTablesOptions,
  type InstallArbiterOptions,
  cutoverRunning,
  guardTables,
  installArbiter,
} from './install-arbiter';
export { forgetMember, mayReadHere, readMembers } from './members';
export { type LockRetryOptions, withLockRetry } from './lock-retry';
export { type RemoveArbiterOptions, removeArbiter } from './remove-arbiter';
export { takeRightToBegin } from './take-right-to-begin';
export { ARCHIVE_SCHEMA, keepArchive } from './keep-archive';
export {
  type CutoverOrigin,
  type OriginDescription,
  describeOrigin,
  recordOrigin,
  recordStep,
  tellOrigin,
} from './origin';
