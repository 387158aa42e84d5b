import { chmodSync, mkdirSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { exclusively } from '../../../scripts/lib/exclusive';
import { type ToolContext } from '../context';
import { abortable, withTicker } from '../progress';
import { asStorageFault } from '../storage-fault';
import { damageOf, writeManifest } from './manifest';
import { createScratch, removeScratch, type Scratch, sweepScratch } from './scratch';

export interface EntrySpec {
  /** The folder's name: version and a hash of everything that went in, so that other inputs are another entry. */
  readonly key: string;
  /** For progress lines: `Hydra 2.3.0`. */
  readonly label: string;
  /** Fills `scratch.files` and verifies the result; whatever it throws leaves the cache as it was. */
  readonly make: (scratch: Scratch) => Promise<void>;
}

export interface CacheEntry {
  readonly folder: string;
  /** Whether this call made it. */
  readonly made: boolean;
}

/** @returns the folder of a finished, undamaged entry, or undefined; changes nothing */
export async function intactEntry(root: string, key: string): Promise<string | undefined> {
  const folder = join(root, key);
  return (await damageOf(folder)) === undefined ? folder : undefined;
}

/**
 * Returns a finished cache entry, making it first if it is absent or damaged.
 *
 * An entry appears in one rename, after its manifest was written: an interrupted run leaves only a temporary folder, which a
 * later run removes. Processes that want the same entry wait for one another.
 * @throws CutoverFault DISK_FULL | TOOL_UNUSABLE (cache not writable), and what `make` throws
 */
export async function ensureEntry(root: string, spec: EntrySpec, context: ToolContext): Promise<CacheEntry> {
  context.signal?.throwIfAborted();
  const folder = join(root, spec.key);
  if ((await damageOf(folder)) === undefined) return { folder, made: false };
  try {
    createRoot(root);
    return await makeExclusively(root, spec, context);
  } catch (error) {
    throw asStorageFault(error, root);
  }
}

/** 0755 whatever the umask: servers of another uid read from here. */
function createRoot(root: string): void {
  if (mkdirSync(root, { recursive: true, mode: 0o755 }) !== undefined) chmodSync(root, 0o755);
}

async function makeExclusively(root: string, spec: EntrySpec, context: ToolContext): Promise<CacheEntry> {
  let stopWaiting: () => void = () => undefined;
  let began = false;
  const locked = exclusively(
    join(root, 'locks', `${spec.key}.lock`),
    async () => {
      began = true;
      stopWaiting();
      context.signal?.throwIfAborted();
      return makeUnlessThere(root, spec, context);
    },
    {
      onWait: (pid) => {
        stopWaiting = withTicker(context, `waiting for process ${pid}, which is preparing ${spec.label}`);
      },
    },
  );
  try {
    // Only the wait is given up at once. Work that began ends its children and removes its folder before it rejects.
    return await abortable(locked, context.signal, () => !began);
  } finally {
    stopWaiting();
  }
}

async function makeUnlessThere(root: string, spec: EntrySpec, context: ToolContext): Promise<CacheEntry> {
  const folder = join(root, spec.key);
  const damage = await damageOf(folder);
  if (damage === undefined) return { folder, made: false };
  if (damage !== 'absent') context.progress(`${spec.label}: the cached copy is damaged (${damage}); making it again`);
  await sweepScratch(root);
  const scratch = createScratch(root);
  try {
    await spec.make(scratch);
    await writeManifest(scratch.files, context.signal);
    context.signal?.throwIfAborted();
    // A damaged entry goes aside first: rename(2) does not replace a folder that is not empty.
    if (damage !== 'absent') await rename(folder, join(scratch.folder, 'damaged'));
    await rename(scratch.files, folder);
  } finally {
    await removeScratch(scratch.folder).catch(() => undefined);
  }
  return { folder, made: true };
}
