/** The largest form that is looked into: a client that sends more has no OAuth request. */
const FORM_LIMIT_BYTES = 64 * 1024;

/** @returns the first value of a header, whatever its spelling */
export function headerValue(rawHeaders: readonly string[], lowerName: string): string | undefined {
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    if ((rawHeaders[index] as string).toLowerCase() === lowerName) return rawHeaders[index + 1];
  }
  return undefined;
}

/** @returns the fields of a form in a body; undefined when it is none, or not all of it is there */
export function readForm(rawHeaders: readonly string[], body: Uint8Array | undefined): URLSearchParams | undefined {
  if (body === undefined || body.length === 0 || body.length > FORM_LIMIT_BYTES) return undefined;
  const type = headerValue(rawHeaders, 'content-type')?.split(';', 1)[0]?.trim().toLowerCase();
  if (type !== 'application/x-www-form-urlencoded') return undefined;
  return new URLSearchParams(new TextDecoder().decode(body));
}
