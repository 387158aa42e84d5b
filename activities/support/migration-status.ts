/**
 * Reads what `hydra migrate sql status` prints, as a table or as JSON.
 *
 * @returns how many migrations are pending; undefined when there is no migration in it at all
 */
export function pendingInStatus(output: string): number | undefined {
  const states = fromJson(output) ?? fromTable(output);
  return states.length === 0 ? undefined : states.filter((state) => !/^applied$/i.test(state)).length;
}

function fromJson(output: string): string[] | undefined {
  try {
    const parsed = JSON.parse(output) as unknown;
    const list = Array.isArray(parsed) ? parsed : [];
    return list.flatMap((entry: unknown) => {
      const state = (entry as { state?: unknown } | null)?.state;
      return typeof state === 'string' ? [state] : [];
    });
  } catch {
    return undefined;
  }
}

/** Rows begin with a version of 14 to 20 digits and end with the status. */
function fromTable(output: string): string[] {
  return output.split('\n').flatMap((line) => {
    const found = /^\s*\d{14,20}\s.*?(applied|pending)\s*$/i.exec(line);
    return found?.[1] === undefined ? [] : [found[1]];
  });
}
