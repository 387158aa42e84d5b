import { stat } from 'node:fs/promises';

/** Secrets and certificates are renewed days before the old ones end. */
const EVERY_MS = 10_000;

/**
 * Looks at files from time to time: as no event comes from a network's file system, or through the links of Kubernetes.
 * @returns stops it
 */
export function watchFiles(files: readonly string[], onChanged: () => void, everyMs = EVERY_MS): () => void {
  if (files.length === 0) return () => undefined;
  let before: string | undefined;
  const look = async () => {
    const now = (await Promise.all(files.map(stampOf))).join();
    if (before !== undefined && now !== before) onChanged();
    before = now;
  };
  void look();
  const timer = setInterval(() => void look(), everyMs).unref();
  return () => clearInterval(timer);
}

async function stampOf(file: string): Promise<string> {
  // When it was changed in any way: one that could not be read before is as old as it was once it can.
  const { ctimeMs, ino, size } = await stat(file).catch(() => ({ ctimeMs: 0, ino: 0, size: 0 }));
  return `${ctimeMs} ${ino} ${size}`;
}
