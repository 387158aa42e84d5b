export { becomeSyncer } from './become-syncer';
export { prepareSync } from './prepare-sync';
export {
  type StaleChallengePage,
  carryRecentRequests,
  pruneStaleChallenges,
  readStaleChallenges,
} from './stale-challenges';
export { releaseSyncRole, retireSyncRole } from './sync-role';
export {
  type PartReceipt,
  type RoundOptions,
  type RoundReceipt,
  type SyncSides,
  readBacklog,
  syncRound,
} from './sync-round';
export { askNetwork } from './syncer-transaction';
export { readRecentKeys } from './recent-keys';
export { assertStillSyncer } from './take-over';
