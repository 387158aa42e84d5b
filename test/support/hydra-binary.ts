import { type LaunchedVersion, resolveHydra } from '../../world/toolchain';
import { sharedServers } from './shared-servers';

/** @returns the program of this version; one that only some tests need is compiled by the first of them */
export async function hydraBinary(version: LaunchedVersion): Promise<string> {
  const { binaries } = sharedServers();
  if (version === '1.11.10') return binaries.hydra11110;
  if (version === '2.2.0') return binaries.hydra220;
  if (version === '2.3.0') return binaries.hydra230;
  return resolveHydra(version, { progress: (line) => process.stderr.write(`${line}\n`) });
}
