export { type ParityOptions, type ParityResult, type ParitySelection, compareSides } from './compare-sides';
export { type ComparedRange, compareInTime } from './compare-range';
export { type ParityProof, forgetProofs, installParityTables, readProof, readWalks } from './parity-progress';
export { RangeQueue } from './range-queue';
export { settleUnequal } from './settle-unequal';
export { type ExpectedResult, compareWithExpected, keepExpected } from './expected-buckets';
