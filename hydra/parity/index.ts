export {
  type ParityOptions,
  type ParityProgress,
  type ParityResult,
  type ParitySelection,
  compareSides,
} from './compare-sides';
export { type TableParity } from './tally';
export { type StoredHashesOptions, compareWithStored, keepHashes } from './stored-hashes';
