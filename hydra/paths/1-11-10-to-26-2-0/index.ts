import { FROM_1_11_10_TO_2_3_0 } from '../1-11-10-to-2-3-0';
import { type CopyPath } from '../copy-path';
import { CARRIED_TABLES } from './carried-tables';
import { EXPECTED_DIFFERENCES } from './expected-differences';

/**
 * As the way to 2.3.0, which is a part of it: 26.2.0 has every migration of 2.3.0, and the twelve that it adds only make columns that are
 * empty, a table that is, and fewer constraints.
 */
export const FROM_1_11_10_TO_26_2_0: CopyPath = {
  ...FROM_1_11_10_TO_2_3_0,
  to: '26.2.0',
  tables: CARRIED_TABLES,
  differences: EXPECTED_DIFFERENCES,
};
