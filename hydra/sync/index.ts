export { type SyncerOptions, becomeSyncer } from './become-syncer';
export { prepareSync } from './prepare-sync';
export { installSyncTables } from './install-sync-tables';
export { type CapturedRevocation, type LedgerEntry, type RevocationOutcome, readLedger } from './ledger';
export {
  type StaleChallengePage,
  carryRecentRequests,
  pruneStaleChallenges,
  readStaleChallenges,
} from './stale-challenges';
export {
  type SyncLogin,
  grantSyncRole,
  releaseSyncRole,
  renewSyncPassword,
  retireSyncRole,
  terminateSyncSessions,
} from './sync-role';
export {
  type PartReceipt,
  type RoundOptions,
  type RoundReceipt,
  type SyncSides,
  readBacklog,
  readNetwork,
  syncRound,
} from './sync-round';
export { readRecentKeys } from './recent-keys';
export { assertStillSyncer, takeOverSync } from './take-over';
