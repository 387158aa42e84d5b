/** Set-up and teardown run in one process but are loaded apart; the global object is what they share. */
const KEY = Symbol.for('hydra-cutover.test-teardown');
type Holder = { [KEY]?: () => Promise<void> };

export function rememberForTeardown(teardown: () => Promise<void>): void {
  (globalThis as Holder)[KEY] = teardown;
}

export async function runTeardown(): Promise<void> {
  await (globalThis as Holder)[KEY]?.();
}
