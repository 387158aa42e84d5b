import { EXPECTED_DIFFERENCES as FROM_1_11_10 } from './1-11-10-to-2-3-0/expected-differences';
import { EXPECTED_DIFFERENCES as FROM_2_2_0 } from './2-2-0-to-2-3-0/expected-differences';
import { type ExpectedDifference } from './copy-path';

/** Of all ways together: for whoever compares answers and is not told which way it is. */
export const ALL_DIFFERENCES: readonly ExpectedDifference[] = [...FROM_1_11_10, ...FROM_2_2_0];
