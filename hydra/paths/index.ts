import { CutoverFault } from '../../domain/faults';
import { type SupportedHydraVersion } from '../../domain/hydra-versions';
import { FORWARD, type SideName } from '../../domain/sides';
import { FROM_1_11_10_TO_2_3_0 } from './1-11-10-to-2-3-0';
import { FROM_1_11_10_TO_26_2_0 } from './1-11-10-to-26-2-0';
import { FROM_2_2_0_TO_2_3_0 } from './2-2-0-to-2-3-0';
import { type CopyPath } from './copy-path';
import { pathsText } from './registry';

export { type CarriedTableName, type CopyPath, sourceTables } from './copy-path';

const COPY_PATHS: readonly CopyPath[] = [FROM_1_11_10_TO_2_3_0, FROM_2_2_0_TO_2_3_0, FROM_1_11_10_TO_26_2_0];

/**
 * All that is about this way.
 *
 * @throws CutoverFault CHECK_FAILED where no way leads
 */
export function copyPathOf(versions: Readonly<Record<SideName, SupportedHydraVersion>>, direction = FORWARD): CopyPath {
  const [left, entered] = [versions[direction.from], versions[direction.to]];
  const found = COPY_PATHS.find(({ from, to }) => from === left && to === entered);
  if (found !== undefined) return found;
  throw new CutoverFault(
    'CHECK_FAILED',
    `no way leads from Hydra ${left} to ${entered} (there are: ${pathsText('copy')}); correct blue.hydraVersion and green.hydraVersion`,
  );
}
