import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Edit } from './mutation';

/**
 * @param root where the sources are
 * @returns the source with the edit
 * @throws Error when the text to replace is not there exactly once: the source has changed, and the mutation with it
 */
export function editedSource(root: string, { file, find, replace }: Edit): string {
  const source = readFileSync(join(root, file), 'utf8');
  const times = source.split(find).length - 1;
  if (times !== 1) throw new Error(`${file} has ${times} times instead of once: ${find}`);
  return source.replace(find, () => replace);
}

/** @returns a function that takes the edits back */
export function applyEdits(root: string, edits: readonly Edit[]): () => void {
  const before = edits.map(({ file }) => ({ file, text: readFileSync(join(root, file), 'utf8') }));
  for (const edit of edits) writeFileSync(join(root, edit.file), editedSource(root, edit));
  return () => before.reverse().forEach(({ file, text }) => writeFileSync(join(root, file), text));
}
