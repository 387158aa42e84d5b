/** For `toThrow`: any error with this code. */
export function refusal(code: string): Error {
  return expect.objectContaining({ code }) as unknown as Error;
}
