/**
 * What an error says. Decides by shape and not by `instanceof`, because errors of Node come from another realm in Jest and in the sandbox of
 * a workflow.
 */
export function errorMessage(error: unknown): string {
  const message = typeof error === 'object' && error !== null ? (error as { message?: unknown }).message : undefined;
  return typeof message === 'string' && message !== '' ? message : String(error);
}
