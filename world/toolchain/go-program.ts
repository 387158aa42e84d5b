import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CutoverFault, type FaultCode } from '../../domain/faults';
import { ensureEntry, intactEntry } from './cache/cache-entry';
import { cacheRoot } from './cache/cache-root';
import { recordChild, type Scratch } from './cache/scratch';
import { type ToolContext } from './context';
import { assertProgram, programFromVariable } from './program';
import { isNotInstalled, lastLine, runTool, type ToolResult } from './run-tool';
import { diskFullFault, saysDiskFull } from './storage-fault';
import { type FoundTool } from './types';
import { type GoPin } from './versions';

const MODULES = join(__dirname, 'go');
/** Part of Go's own cache key: with other settings every package is compiled again. */
const BUILD_ENV = { CGO_ENABLED: '0', GOFLAGS: '-mod=readonly -buildvcs=false', GOWORK: 'off', GO111MODULE: 'on' };
const BUILD_ARGS = ['build', '-trimpath'];

/**
 * Finds a program that is compiled from a pinned Go module: environment variable, cache, `go build`.
 *
 * go.sum pins every source file of every dependency; `go` refuses others.
 * @param modules folder that holds the wrapper modules
 * @throws CutoverFault TOOL_UNUSABLE | TOOL_MISSING | TOOL_HASH_MISMATCH | TOOL_DOWNLOAD_FAILED | TOOL_BUILD_FAILED | DISK_FULL
 */
export async function findGoProgram(pin: GoPin, context: ToolContext, modules = MODULES): Promise<FoundTool> {
  const chosen = await programFromVariable(pin, context);
  if (chosen !== undefined) return chosen;
  const source = join(modules, pin.folder);
  const entry = await ensureEntry(
    cacheRoot(context.env),
    {
      key: await entryKey(pin, source),
      label: pin.label,
      make: (scratch) => buildInto(scratch, pin, source, context),
    },
    context,
  );
  return { path: join(entry.folder, pin.binary), source: entry.made ? 'made' : 'cache', version: pin.version };
}

/** @returns what `findGoProgram` would answer without compiling */
export async function locateGoProgram(
  pin: GoPin,
  context: ToolContext,
  modules = MODULES,
): Promise<FoundTool | undefined> {
  const chosen = await programFromVariable(pin, context);
  if (chosen !== undefined) return chosen;
  const folder = await intactEntry(cacheRoot(context.env), await entryKey(pin, join(modules, pin.folder)));
  return folder === undefined ? undefined : { path: join(folder, pin.binary), source: 'cache', version: pin.version };
}

/** Without the Go version: a finished program stays good when `go` is updated or removed. */
async function entryKey(pin: GoPin, source: string): Promise<string> {
  const inputs = createHash('sha256').update(JSON.stringify([BUILD_ENV, BUILD_ARGS, pin.versionSetting, pin.version]));
  for (const name of (await readdir(source)).sort()) inputs.update(name).update(await readFile(join(source, name)));
  return `${pin.binary}-${pin.version}-${process.platform}-${process.arch}-${inputs.digest('hex').slice(0, 12)}`;
}

async function buildInto(scratch: Scratch, pin: GoPin, source: string, context: ToolContext): Promise<void> {
  const program = join(scratch.files, pin.binary);
  const workFolder = join(scratch.folder, 'go-build');
  await mkdir(workFolder);
  const settings = pin.versionSetting === undefined ? [] : ['-ldflags', `-X ${pin.versionSetting}`];
  // GOTMPDIR: what a killed build leaves behind then goes with the scratch folder. GOOS and GOARCH: we build for here.
  const env = { ...context.env, ...BUILD_ENV, GOTMPDIR: workFolder, GOOS: undefined, GOARCH: undefined };
  const run = {
    command: 'go',
    args: [...BUILD_ARGS, ...settings, '-o', program, '.'],
    env,
    cwd: source,
    label: `compiling ${pin.label} with go build (minutes when Go's own cache is cold)`,
    onStart: (pid: number) => recordChild(scratch.folder, pid),
  };
  let result: ToolResult;
  try {
    result = await runTool(run, context);
  } catch (error) {
    if (!isNotInstalled(error)) throw error;
    throw goFault('TOOL_MISSING', pin, 'go is not on PATH; install Go 1.24 or later (https://go.dev/dl)', error);
  }
  if (result.exitCode !== 0) throw buildFault(result, pin, scratch);
  await assertProgram(program, pin, context);
}

/** Go's own words → fault. The first that matches decides. */
const BUILD_FAULTS: readonly { readonly says: RegExp; readonly code: FaultCode; readonly observed: string }[] = [
  {
    says: /checksum mismatch|SECURITY ERROR/,
    code: 'TOOL_HASH_MISMATCH',
    observed: 'a module was served with other bytes than go.sum pins; do not use it; check GOPROXY and any proxy',
  },
  {
    says: /requires go >= |toolchain not available|invalid go version/,
    code: 'TOOL_MISSING',
    observed: 'the installed go is too old; install Go 1.24 or later (https://go.dev/dl)',
  },
  {
    says: /dial tcp|no such host|i\/o timeout|TLS handshake|connection re(fused|set)|proxyconnect|GOPROXY=off|unexpected EOF|50\d /,
    code: 'TOOL_DOWNLOAD_FAILED',
    observed: 'a module could not be downloaded; check the network and GOPROXY',
  },
];

function buildFault(result: ToolResult, pin: GoPin, scratch: Scratch): CutoverFault {
  const said = `${result.stderr}\n${result.stdout}`;
  if (saysDiskFull(said)) return diskFullFault(`${scratch.root} or Go's build cache (go env GOCACHE GOMODCACHE)`);
  const known = BUILD_FAULTS.find(({ says }) => says.test(said));
  if (known === undefined) {
    const exit = result.exitCode === null ? 'was killed' : `ended with exit code ${result.exitCode}`;
    return goFault('TOOL_BUILD_FAILED', pin, `go build ${exit}: ${lastLine(result.stderr)}`);
  }
  const line = said.split('\n').find((candidate) => known.says.test(candidate)) ?? '';
  return goFault(known.code, pin, `${known.observed} ("${line.trim().slice(0, 300)}")`);
}

function goFault(code: FaultCode, pin: GoPin, observed: string, cause?: unknown): CutoverFault {
  const remedy = `or set ${pin.variable} to a copy of ${pin.version} you have`;
  return new CutoverFault(
    code,
    `${pin.label}: ${observed}; ${remedy}`,
    { tool: pin.label, variable: pin.variable },
    cause,
  );
}
