import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { isAbsolute, join, relative } from 'node:path';
import { bundleWorkflowCode, type Logger } from '@temporalio/worker';

const ROOT = join(__dirname, '..');
/** All that workflow code may be made of; lint keeps it so. */
const SOURCES = ['workflows', 'domain'];

export interface WorkflowBundle {
  readonly code: string;
  /** Of the sources it was made of. */
  readonly digest: string;
}

/**
 * The workflow code as the worker runs it. Making it takes seconds, so it is kept in the cache folder under the hash of its
 * sources; what is found there is never changed, only added.
 */
export async function workflowBundle(env: NodeJS.ProcessEnv, logger: Logger): Promise<WorkflowBundle> {
  const folder = join(cacheFolder(env), 'workflow-bundles');
  const digest = await sourceHash();
  const file = join(folder, `${digest}.js`);
  const kept = await readFile(file, 'utf8').catch(() => undefined);
  if (kept !== undefined) return { code: kept, digest };
  const { code } = await bundleWorkflowCode({ workflowsPath: join(ROOT, 'workflows', 'index.ts'), logger });
  // Without a cache it only starts more slowly.
  await keep(folder, file, code).catch(() => undefined);
  return { code, digest };
}

/** The same folder as the toolchain's; the worker must not need `world/`. */
function cacheFolder(env: NodeJS.ProcessEnv): string {
  const chosen = env['HYDRA_CUTOVER_CACHE'];
  if (chosen !== undefined && isAbsolute(chosen)) return chosen;
  const xdg = env['XDG_CACHE_HOME'];
  const base = xdg !== undefined && isAbsolute(xdg) ? xdg : join(env['HOME'] ?? homedir(), '.cache');
  return join(base, 'hydra-cutover');
}

async function sourceHash(): Promise<string> {
  const hash = createHash('sha256');
  const manifest = require.resolve('@temporalio/workflow/package.json');
  hash.update(await readFile(manifest));
  for (const source of SOURCES) {
    const entries = await readdir(join(ROOT, source), { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
    for (const file of files.sort()) {
      hash.update(`\0${relative(ROOT, file)}\0`);
      hash.update(await readFile(file));
    }
  }
  return hash.digest('hex').slice(0, 32);
}

async function keep(folder: string, file: string, code: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const half = `${file}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    await writeFile(half, code);
    await rename(half, file);
  } finally {
    await rm(half, { force: true });
  }
}
