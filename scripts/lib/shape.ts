/** Which file imports which, by their paths in the repository. */
export type Imports = ReadonlyMap<string, readonly string[]>;

/** How many imports lead from one folder of the top level to another: `from` → `to` → how many. */
export type Arrows = ReadonlyMap<string, ReadonlyMap<string, number>>;

function folderOf(file: string): string {
  return file.slice(0, file.indexOf('/'));
}

/** @returns the arrows between folders of the top level, in the alphabet's order */
export function arrowsOf(imports: Imports): Arrows {
  const arrows = new Map<string, Map<string, number>>();
  for (const [file, imported] of [...imports].sort()) {
    for (const other of imported) {
      const [from, to] = [folderOf(file), folderOf(other)];
      if (from === '' || to === '' || from === to) continue;
      const counts = arrows.get(from) ?? new Map<string, number>();
      arrows.set(from, counts.set(to, (counts.get(to) ?? 0) + 1));
    }
  }
  return arrows;
}

/** @returns folders that reach themselves by way of others, each group once */
export function cyclesOf(arrows: Arrows): readonly (readonly string[])[] {
  const reached = new Map(
    [...arrows.keys()].map((folder) => [folder, reachable([folder], (one) => keysOf(arrows.get(one)))]),
  );
  const groups = [...arrows.keys()].map((folder) =>
    [...(reached.get(folder) ?? [])].filter((other) => reached.get(other)?.has(folder) === true).sort(),
  );
  return [...new Map(groups.filter((group) => group.length > 1).map((group) => [group.join(' '), group])).values()];
}

/** @returns files that no root leads to */
export function unreached(imports: Imports, roots: readonly string[]): readonly string[] {
  const reached = reachable(roots, (file) => imports.get(file) ?? []);
  return [...imports.keys()].filter((file) => !reached.has(file)).sort();
}

function keysOf(counts: ReadonlyMap<string, number> | undefined): readonly string[] {
  return [...(counts?.keys() ?? [])];
}

function reachable(roots: readonly string[], next: (one: string) => readonly string[]): ReadonlySet<string> {
  const reached = new Set(roots);
  for (const one of reached) for (const other of next(one)) reached.add(other);
  return reached;
}
