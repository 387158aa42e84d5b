/** Who gave a value. `label` is how problems call the place. */
export interface Origin {
  readonly kind: 'file' | 'environment' | 'flag';
  readonly label: string;
}

/** A value from the environment or a flag, laid over the file. */
export interface Override {
  readonly path: readonly string[];
  readonly value: unknown;
  readonly origin: Origin;
}

/** Which override gave the value at a path, the nearest one above included. Without one it is from the file. */
export function overrideAt(overrides: readonly Override[], path: readonly PropertyKey[]): Override | undefined {
  // The last one wins, as it did when the values were laid over one another.
  return overrides.findLast((override) => override.path.every((part, index) => part === path[index]));
}

/**
 * Lays overrides over `tree`, in order. Where the file has something else than a section on the way, the file's mistake is
 * kept, so that it is reported.
 */
export function applyOverrides(tree: unknown, overrides: readonly Override[]): unknown {
  if (overrides.length === 0) return tree;
  const root = tree === undefined || tree === null ? {} : structuredClone(tree);
  for (const { path, value } of overrides) {
    let section: unknown = root;
    for (const part of path.slice(0, -1)) {
      if (!isSection(section)) break;
      if (!Object.hasOwn(section, part)) section[part] = {};
      section = section[part];
    }
    const last = path.at(-1);
    if (isSection(section) && last !== undefined) section[last] = value;
  }
  return root;
}

export function isSection(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value at `path`, own properties only. */
export function valueAt(tree: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((inner, part) => {
    if (typeof inner !== 'object' || inner === null || !Object.hasOwn(inner, part)) return undefined;
    return (inner as Record<PropertyKey, unknown>)[part];
  }, tree);
}
