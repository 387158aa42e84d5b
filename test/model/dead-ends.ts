/** @returns those of `all` from which nothing in `finishing` can be reached, by what comes `before` each */
export function deadEnds(
  all: Iterable<string>,
  before: ReadonlyMap<string, ReadonlySet<string>>,
  finishing: ReadonlySet<string>,
): readonly string[] {
  const canFinish = new Set(finishing);
  const queue = [...finishing];
  for (let key = queue.pop(); key !== undefined; key = queue.pop()) {
    for (const earlier of before.get(key) ?? []) {
      if (canFinish.has(earlier)) continue;
      canFinish.add(earlier);
      queue.push(earlier);
    }
  }
  return [...all].filter((key) => !canFinish.has(key));
}
