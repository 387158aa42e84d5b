/**
 * Ends what a suite has started, each whatever the others do: after a `beforeAll` that failed half way some of it was never there, and a
 * server that nobody stops keeps the whole test run from ending.
 *
 * @throws the first failure, once all were tried
 */
export async function endAll(...ends: readonly (() => unknown)[]): Promise<void> {
  const failures: unknown[] = [];
  for (const end of ends) {
    try {
      await end();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}
