import { createHash } from 'node:crypto';
import { type Stats } from 'node:fs';
import { lstat, open, readdir, readFile, readlink, rename } from 'node:fs/promises';
import { join } from 'node:path';

const MANIFEST = 'manifest.json';
const FORMAT_VERSION = 1;
/** Read in pieces: a program of 150 MB is not held in memory. */
const CHUNK_BYTES = 1 << 20;

interface FileRecord {
  readonly sizeBytes: number;
  readonly sha256: string;
  /** Permission bits: a program that lost its x bit is damaged too. */
  readonly mode: number;
  /** The inode's change time, which no program can set: while it stands still, so do the bytes. */
  readonly changedAtMs: number;
}

interface Manifest {
  readonly formatVersion: number;
  readonly files: Readonly<Record<string, FileRecord>>;
  readonly links: Readonly<Record<string, string>>;
}

/** Records size and sha256 of everything below `folder`, after the bytes have reached the disk. Written last. */
export async function writeManifest(folder: string, signal?: AbortSignal): Promise<void> {
  const files: Record<string, FileRecord> = {};
  const links: Record<string, string> = {};
  for (const path of await listFiles(folder)) {
    signal?.throwIfAborted();
    const full = join(folder, path);
    const stat = await lstat(full);
    if (stat.isSymbolicLink()) links[path] = await readlink(full);
    else
      files[path] = {
        sizeBytes: stat.size,
        sha256: await sha256Of(full),
        mode: permissions(stat),
        changedAtMs: stat.ctimeMs,
      };
  }
  await replaceFile(join(folder, MANIFEST), JSON.stringify({ formatVersion: FORMAT_VERSION, files, links }));
}

/**
 * Compares a cache entry with its manifest: sizes and links always, the bytes of every file whose inode changed since they
 * were last compared.
 *
 * @returns undefined when intact, `absent` when there is no such folder, else what is wrong, in words
 */
export async function damageOf(folder: string): Promise<string | undefined> {
  const manifest = await readManifest(folder);
  if (typeof manifest === 'string') return manifest;
  const restamped: Record<string, FileRecord> = {};
  for (const [path, record] of Object.entries(manifest.files)) {
    if (!isRecord(record)) return 'its manifest is not understood';
    const full = join(folder, path);
    const stat = await lstat(full).catch(() => undefined);
    if (stat === undefined) return `${path} is missing`;
    if (!stat.isFile() || stat.size !== record.sizeBytes) {
      return `${path} has ${stat.size} bytes instead of ${record.sizeBytes}`;
    }
    if (permissions(stat) !== record.mode) return `${path} has other permissions than the ones that were stored`;
    if (stat.ctimeMs === record.changedAtMs) continue;
    const sha256 = await sha256Of(full).catch(() => 'unreadable');
    if (sha256 !== record.sha256) return `${path} has other bytes than the ones that were stored`;
    restamped[path] = { ...record, changedAtMs: stat.ctimeMs };
  }
  for (const [path, target] of Object.entries(manifest.links)) {
    const actual = await readlink(join(folder, path)).catch(() => undefined);
    if (actual !== target) return `the link ${path} does not point to ${target}`;
  }
  await keepStamps(folder, manifest, restamped);
  return undefined;
}

/** A copied or restored cache has new change times everywhere: without this it would be hashed on every run. */
async function keepStamps(folder: string, manifest: Manifest, restamped: Record<string, FileRecord>): Promise<void> {
  if (Object.keys(restamped).length === 0) return;
  const updated: Manifest = { ...manifest, files: { ...manifest.files, ...restamped } };
  // A read-only cache is still a good cache: the entry was just verified.
  await replaceFile(join(folder, MANIFEST), JSON.stringify(updated)).catch(() => undefined);
}

async function readManifest(folder: string): Promise<Manifest | string> {
  let text: string;
  try {
    text = await readFile(join(folder, MANIFEST), 'utf8');
  } catch (error) {
    const there = await lstat(folder).then(
      () => true,
      () => false,
    );
    if (!there) return 'absent';
    return `its manifest cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown error'})`;
  }
  try {
    const manifest = JSON.parse(text) as Partial<Manifest> | null;
    if (manifest?.formatVersion === FORMAT_VERSION && isRecord(manifest.files) && isRecord(manifest.links)) {
      return manifest as Manifest;
    }
  } catch {
    // Falls through: both are the same damage.
  }
  return 'its manifest is not understood';
}

function permissions(stat: Stats): number {
  return stat.mode & 0o777;
}

function isRecord(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

async function listFiles(folder: string): Promise<string[]> {
  const paths: string[] = [];
  for (const path of await readdir(folder, { recursive: true })) {
    if (path !== MANIFEST && !(await lstat(join(folder, path))).isDirectory()) paths.push(path);
  }
  return paths.sort();
}

/** Also flushes the file: after a power cut a manifest must not vouch for bytes that never reached the disk. */
async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  const file = await open(path, 'r');
  try {
    const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, CHUNK_BYTES);
      if (bytesRead === 0) break;
      hash.update(buffer.subarray(0, bytesRead));
    }
    await file.sync();
  } finally {
    await file.close();
  }
  return hash.digest('hex');
}

async function replaceFile(path: string, text: string): Promise<void> {
  const draft = `${path}.${process.pid}.new`;
  const file = await open(draft, 'w', 0o644);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(draft, path);
}
