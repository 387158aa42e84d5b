import { errorMessage } from '../../domain/error-message';
import { parseArgs } from 'node:util';
import { asCutoverFault, CutoverFault } from '../../domain/faults';
import { hydraDsn, hydraProcess } from '../hydra';
import { endProcess, startDetached } from '../supervisor';
import { bridged } from './bridged';
import { type Deployment, DEPLOYMENTS, hydraProcessName, readSideFile } from './side-file';

const USAGE =
  'usage: start|stop|encrypt blue|green|older|beside|bridge --run-dir DIR; green takes CUTOVER_DB_HOST and CUTOVER_DB_PORT from the environment, encrypt GATEWAY_CONTROL_URL and GATEWAY_CONTROL_TOKEN';
const STOP_GRACE_MS = 8_000;

/**
 * The world's deployment of Hydra, as commands: what `systemctl` or `kubectl` would be elsewhere. Both return when it is
 * done, and do nothing when it was done before.
 */
async function main(): Promise<void> {
  const { action, side, runDir } = readArguments();
  if (action === 'start') await start(side, runDir);
  else if (action === 'stop') await stop(side, runDir);
  else await bridged(process.env, { start: (name) => start(name, runDir), stop: (name) => stop(name, runDir) });
}

function stop(side: Deployment, runDir: string): Promise<unknown> {
  return endProcess(runDir, hydraProcessName(side), STOP_GRACE_MS);
}

async function start(side: Deployment, runDir: string): Promise<void> {
  const { version, binary, database, launch, address } = readSideFile(runDir, side);
  const { host, port } = address ?? addressFromEnvironment(process.env);
  const { dsnOptions, pairwiseSalt, extra, ...urls } = launch;
  const dsn = hydraDsn(host, port, database);
  const spec = hydraProcess({
    name: hydraProcessName(side),
    version,
    binary,
    launch: {
      ...urls,
      dsn: dsnOptions === undefined ? dsn : `${dsn}&${dsnOptions}`,
      ...(pairwiseSalt === undefined ? {} : { pairwiseSalt }),
      ...(extra === undefined ? {} : { extra }),
    },
  });
  await startDetached(spec, runDir);
}

function readArguments(): { action: 'start' | 'stop' | 'encrypt'; side: Deployment; runDir: string } {
  try {
    const { positionals, values } = parseArgs({ allowPositionals: true, options: { 'run-dir': { type: 'string' } } });
    const [action, name] = positionals;
    const side = DEPLOYMENTS.find((known) => known === name);
    const runDir = values['run-dir'];
    if ((action !== 'start' && action !== 'stop' && action !== 'encrypt') || side === undefined || runDir === undefined)
      throw new Error('not understood');
    return { action, side, runDir };
  } catch (error) {
    throw new CutoverFault('USAGE', `${errorMessage(error)}; ${USAGE}`);
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
