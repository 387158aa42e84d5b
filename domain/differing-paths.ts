import { isJsonObject } from './json';

const PATHS_MAX = 10;
/** For a state that is no object, or of another kind altogether. */
const WHOLE = '(the whole)';

/**
 * Where two pieces of plain JSON differ, whatever the order of keys: paths such as `hydra.urls[0]`, never values, which may be secret.
 *
 * @returns empty when they are the same; at most some, the first ones
 */
export function differingPaths(a: unknown, b: unknown): string[] {
  return [...walk(a, b, '')].slice(0, PATHS_MAX);
}

function* walk(a: unknown, b: unknown, path: string): Generator<string> {
  if (Object.is(a, b)) return;
  if (Array.isArray(a) && Array.isArray(b) && a.length === b.length) {
    for (const [index, entry] of a.entries()) yield* walk(entry, b[index], `${path}[${index}]`);
    return;
  }
  if (!isJsonObject(a) || !isJsonObject(b)) {
    yield path === '' ? WHOLE : path;
    return;
  }
  for (const key of [...new Set([...Object.keys(a), ...Object.keys(b)])].sort()) {
    yield* walk(a[key], b[key], path === '' ? key : `${path}.${key}`);
  }
}
