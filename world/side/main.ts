import { parseArgs } from 'node:util';
import { asCutoverFault, CutoverFault } from '../../domain/faults';
import { SIDE_NAMES, type SideName } from '../../domain/sides';
import { hydraDsn, hydraProcess } from '../hydra';
import { endProcess, startDetached } from '../supervisor';
import { hydraProcessName, readSideFile } from './side-file';

const USAGE =
  'usage: start|stop blue|green --run-dir DIR; green takes CUTOVER_DB_HOST and CUTOVER_DB_PORT from the environment';
const STOP_GRACE_MS = 8_000;

/**
 * The world's deployment of Hydra, as commands: what `systemctl` or `kubectl` would be elsewhere. Both return when it is
 * done, and do nothing when it was done before.
 */
async function main(): Promise<void> {
  const { action, side, runDir } = readArguments();
  if (action === 'stop') {
    await endProcess(runDir, hydraProcessName(side), STOP_GRACE_MS);
    return;
  }
  const { version, binary, database, launch, address } = readSideFile(runDir, side);
  const { host, port } = address ?? addressFromEnvironment(process.env);
  const spec = hydraProcess({
    name: hydraProcessName(side),
    version,
    binary,
    launch: {
      dsn: hydraDsn(host, port, database),
      secretsSystem: launch.secretsSystem,
      publicPort: launch.publicPort,
      adminPort: launch.adminPort,
      issuer: launch.issuer,
      loginUrl: launch.loginUrl,
      consentUrl: launch.consentUrl,
      logoutUrl: launch.logoutUrl,
      ...(launch.pairwiseSalt === undefined ? {} : { pairwiseSalt: launch.pairwiseSalt }),
    },
  });
  await startDetached(spec, runDir);
}

function readArguments(): { action: 'start' | 'stop'; side: SideName; runDir: string } {
  try {
    const { positionals, values } = parseArgs({ allowPositionals: true, options: { 'run-dir': { type: 'string' } } });
    const [action, name] = positionals;
    const side = SIDE_NAMES.find((known) => known === name);
    const runDir = values['run-dir'];
    if ((action !== 'start' && action !== 'stop') || side === undefined || runDir === undefined)
      throw new Error('not understood');
    return { action, side, runDir };
  } catch (error) {
    throw new CutoverFault('USAGE', `${error instanceof Error ? error.message : String(error)}; ${USAGE}`);
  }
}

function addressFromEnvironment(env: NodeJS.ProcessEnv): { host: string; port: number } {
  const host = env['CUTOVER_DB_HOST'] ?? '';
  const port = Number(env['CUTOVER_DB_PORT'] ?? '');
  if (host !== '' && Number.isInteger(port) && port > 0) return { host, port };
  throw new CutoverFault('USAGE', `CUTOVER_DB_HOST and CUTOVER_DB_PORT do not name a server; ${USAGE}`);
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    const fault = asCutoverFault(error);
    process.stderr.write(`error ${fault.code}: ${fault.message}\n`);
    process.exit(fault.exitCode);
  },
);
