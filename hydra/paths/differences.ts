import { EXPECTED_DIFFERENCES } from './1-11-10-to-2-3-0/expected-differences';
import { type ExpectedDifference } from './copy-path';

/** Of all ways together: for whoever compares answers and is not told which way it is. */
export const ALL_DIFFERENCES: readonly ExpectedDifference[] = EXPECTED_DIFFERENCES;
