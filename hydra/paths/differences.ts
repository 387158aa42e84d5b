import { EXPECTED_DIFFERENCES as FROM_1_11_10 } from './1-11-10-to-2-3-0/expected-differences';
import { EXPECTED_DIFFERENCES as TO_26_2_0 } from './1-11-10-to-26-2-0/expected-differences';
import { EXPECTED_DIFFERENCES as FROM_2_2_0 } from './2-2-0-to-2-3-0/expected-differences';
import { type ExpectedDifference } from './copy-path';

/** Of all ways together: for whoever compares answers and is not told which way it is. */
export const ALL_DIFFERENCES: readonly ExpectedDifference[] = [
  ...new Set([...FROM_1_11_10, ...FROM_2_2_0, ...TO_26_2_0]),
];
