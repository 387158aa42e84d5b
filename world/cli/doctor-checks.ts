import { errorMessage } from '../../domain/error-message';
import { spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { access, stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fail, info, ok, warn, type CheckOutcome, type DoctorCheck } from '../../cli/doctor/check';
import { cacheRootReadableBy, unprivilegedIdentity } from '../toolchain/cache/cache-root';
import { CATALOGUE, type CatalogueEntry } from '../toolchain/catalogue';
import { toolContext, type ToolContext } from '../toolchain/context';
import { locateGoProgram } from '../toolchain/go-program';
import { ETCD, HYDRA, TEMPORAL_CLI, TEMPORAL_TEST_SERVER } from '../toolchain/versions';
import { locateWheelProgram } from '../toolchain/wheel-program';

const GIB = 1024 ** 3;
/** Binaries, two clusters and a snapshot of the demo. */
const DISK_NEEDED_BYTES = 3 * GIB;
/** With Go's caches while Hydra is compiled, and a 1 GB benchmark. */
const DISK_COMFORTABLE_BYTES = 10 * GIB;

/** What the local world needs of this machine: the part of `doctor` that only the world knows. */
export function worldDoctorChecks(env: NodeJS.ProcessEnv): readonly DoctorCheck[] {
  return [
    { id: 'cache', title: 'cache', run: async () => withCache(env, judgeCache) },
    { id: 'disk', title: 'disk space', run: async () => withCache(env, judgeDisk) },
    builderCheck('go', 'Go', ['go', 'version'], env, 'install Go 1.22 or later, https://go.dev/dl', (context) =>
      Promise.all([...Object.values(HYDRA), ETCD].map((pin) => locateGoProgram(pin, context))),
    ),
    builderCheck(
      'python-pip',
      'Python with pip',
      ['python3', '-m', 'pip', '--version'],
      env,
      'install python3 with pip, for example `apt-get install python3-pip`',
      (context) => Promise.all([TEMPORAL_CLI, TEMPORAL_TEST_SERVER].map((pin) => locateWheelProgram(pin, context))),
    ),
    ...CATALOGUE.map((entry) => programCheck(entry, env)),
  ];
}

const CACHE_FIX = 'correct its owner and mode, or set HYDRA_CUTOVER_CACHE to an absolute path that this user may write';

async function withCache(
  env: NodeJS.ProcessEnv,
  judge: (folder: string) => Promise<CheckOutcome>,
): Promise<CheckOutcome> {
  try {
    return await judge(cacheRootReadableBy(env, unprivilegedIdentity()));
  } catch (error) {
    return fail(errorMessage(error), CACHE_FIX);
  }
}

async function judgeCache(folder: string): Promise<CheckOutcome> {
  const existing = await nearestExisting(folder);
  if (!(await stat(existing)).isDirectory())
    return fail(`${folder} cannot be made: ${existing} is not a folder`, CACHE_FIX);
  try {
    await access(existing, constants.W_OK | constants.X_OK);
    return ok(existing === folder ? folder : `${folder}, to be made`);
  } catch (error) {
    return fail(`${existing} is not writable (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`, CACHE_FIX);
  }
}

async function judgeDisk(folder: string): Promise<CheckOutcome> {
  const { bavail, bsize } = await statfs(await nearestExisting(folder));
  const bytes = bavail * bsize;
  const what = `${(bytes / GIB).toFixed(1)} GiB free at ${folder}`;
  const fix = 'free some space, or set HYDRA_CUTOVER_CACHE to a folder of another file system';
  if (bytes < DISK_NEEDED_BYTES) return fail(`${what}; needs ${DISK_NEEDED_BYTES / GIB} GiB`, fix);
  if (bytes < DISK_COMFORTABLE_BYTES) return warn(`${what}; benchmarks need ${DISK_COMFORTABLE_BYTES / GIB} GiB`, fix);
  return ok(what);
}

/** The folder itself or the ancestor it would be made in: a check makes nothing. */
async function nearestExisting(path: string): Promise<string> {
  try {
    await stat(path);
    return path;
  } catch (error) {
    if (path === dirname(path)) throw error;
    return nearestExisting(dirname(path));
  }
}

/** A program that builds or downloads others is needed only as long as one of those is not there. */
function builderCheck(
  id: string,
  title: string,
  command: readonly [string, ...string[]],
  env: NodeJS.ProcessEnv,
  fix: string,
  locateBuilt: (context: ToolContext) => Promise<readonly unknown[]>,
): DoctorCheck {
  return {
    id,
    title,
    run: async (signal) => {
      const answer = await firstLine(command, env, signal);
      if ('line' in answer) return ok(answer.line);
      // A program that is there but unusable is reported by its own check.
      const built = await locateBuilt(toolContext({ env, signal })).catch(() => [undefined]);
      const what = `\`${command.join(' ')}\` does not work: ${answer.reason}`;
      return built.includes(undefined) ? fail(what, fix) : info(`${what}; not needed, everything is built already`);
    },
  };
}

function programCheck(entry: CatalogueEntry, env: NodeJS.ProcessEnv): DoctorCheck {
  return {
    id: entry.label.toLowerCase().replace(/[^a-z0-9]+/g, '-'),
    title: entry.label,
    run: async (signal) => {
      try {
        const found = await entry.locate(toolContext({ env, signal }));
        if (found === undefined)
          return info(`${entry.version} is made at the first start, or now by npm run toolchain`);
        return ok(`${found.version} (${found.source})`);
      } catch (error) {
        return fail(errorMessage(error), 'see the message');
      }
    },
  };
}

/** @returns the first line that the command prints, or why there is none */
function firstLine(
  [command, ...args]: readonly [string, ...string[]],
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<{ line: string } | { reason: string }> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { env, signal, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.once('error', (error: NodeJS.ErrnoException) =>
      resolve({ reason: error.code === 'ENOENT' ? `${command} is not installed` : error.message }),
    );
    child.once('close', (code) => {
      const line = output.trim().split('\n')[0] ?? '';
      resolve(code === 0 ? { line } : { reason: line === '' ? `it ends with code ${String(code)}` : line });
    });
  });
}
