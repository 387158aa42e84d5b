/** For `toThrow`: any error with this code. */
export function refusal(code: string): Error {
  const matcher: unknown = expect.objectContaining({ code });
  return matcher as Error;
}
