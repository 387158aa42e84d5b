export * from './arbiter';
export {
  type ArbiterDescription,
  type AttemptDescription,
  describeArbiter,
  hasTakenWrites,
  latestAttempt,
} from './describe-arbiter';
export { grantArbiter, letLook, letRead } from './grant-arbiter';
export { cutoverRunning, guardTables, installArbiter } from './install-arbiter';
export { forgetMember, mayReadHere, readMembers } from './members';
export { withLockRetry } from './lock-retry';
export { removeArbiter } from './remove-arbiter';
export { takeRightToBegin } from './take-right-to-begin';
export { ARCHIVE_SCHEMA, keepArchive } from './keep-archive';
export { type OriginDescription, describeOrigin, recordStep, tellOrigin } from './origin';
