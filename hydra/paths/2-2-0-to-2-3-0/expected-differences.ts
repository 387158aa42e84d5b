import { type ExpectedDifference } from '../copy-path';

/**
 * Everything that 2.3.0 on the upgraded database may answer otherwise than 2.2.0 on the source.
 *
 * Source: answers of both to the same questions (test/integration/hydra/paths).
 */
export const EXPECTED_DIFFERENCES: readonly ExpectedDifference[] = [
  { question: 'discovery', path: 'response_modes_supported', reason: 'one more', whose: 'Hydra' },
];
