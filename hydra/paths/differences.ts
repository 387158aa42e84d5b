import { type SupportedHydraVersion } from '../../domain/hydra-versions';
import { FORWARD, type SideName } from '../../domain/sides';
import { EXPECTED_DIFFERENCES as FROM_1_11_10 } from './1-11-10-to-2-3-0/expected-differences';
import { EXPECTED_DIFFERENCES as TO_26_2_0 } from './1-11-10-to-26-2-0/expected-differences';
import { EXPECTED_DIFFERENCES as FROM_2_2_0 } from './2-2-0-to-2-3-0/expected-differences';
import { type ExpectedDifference } from './copy-path';

export { type ExpectedDifference };

const OF_WAYS: readonly {
  readonly from: SupportedHydraVersion;
  readonly to: SupportedHydraVersion;
  readonly differences: readonly ExpectedDifference[];
}[] = [
  { from: '1.11.10', to: '2.3.0', differences: FROM_1_11_10 },
  { from: '2.2.0', to: '2.3.0', differences: FROM_2_2_0 },
  { from: '1.11.10', to: '26.2.0', differences: TO_26_2_0 },
];

/**
 * As `copyPathOf(…).differences`, for whoever reads no files: the gateway.
 *
 * @returns none where no way leads, so that whatever differs is found
 */
export function differencesOf(
  versions: Readonly<Record<SideName, SupportedHydraVersion>>,
  direction = FORWARD,
): readonly ExpectedDifference[] {
  const [leaves, enters] = [versions[direction.from], versions[direction.to]];
  return OF_WAYS.find(({ from, to }) => from === leaves && to === enters)?.differences ?? [];
}
