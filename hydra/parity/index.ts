export {
  type ParityOptions,
  type ParityProgress,
  type ParityResult,
  type ParitySelection,
  compareSides,
} from './compare-sides';
export { type ComparedRange, RANGE_LIMIT_MS, RANGE_ROWS, compareInTime } from './compare-range';
export { type ParityProof, forgetProofs, installParityTables, readProof, readWalks } from './parity-progress';
export { RangeQueue } from './range-queue';
export { settleUnequal } from './settle-unequal';
export { type TableParity } from './tally';
export { type ExpectedOptions, type ExpectedResult, compareWithExpected, keepExpected } from './expected-buckets';
