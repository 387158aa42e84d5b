/** The largest form that is looked into: a client that sends more has no OAuth request. */
const FORM_LIMIT_BYTES = 64 * 1024;
/** No OAuth request has as many: what somebody sends in thousands of fields is not looked into one by one, while everybody else waits. */
const FIELDS_MAX = 64;
/** What an app adds to an address of its own is more, and never this much. */
const QUERY_FIELDS_MAX = 1_000;

/** @returns the first value of a header, whatever its spelling */
export function headerValue(rawHeaders: readonly string[], lowerName: string): string | undefined {
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    if ((rawHeaders[index] as string).toLowerCase() === lowerName) return rawHeaders[index + 1];
  }
  return undefined;
}

/** @returns the fields of a form in a body; undefined when it is none, or not all of it is there, or it is too large or has too many fields */
export function readForm(rawHeaders: readonly string[], body: Uint8Array | undefined): URLSearchParams | undefined {
  if (body === undefined || body.length === 0 || isTooMuch(body)) return undefined;
  return isForm(rawHeaders) ? new URLSearchParams(new TextDecoder().decode(body)) : undefined;
}

export function isForm(rawHeaders: readonly string[]): boolean {
  const type = headerValue(rawHeaders, 'content-type')?.split(';', 1)[0]?.trim().toLowerCase();
  return type === 'application/x-www-form-urlencoded';
}

/** @returns the fields of a form as they came, one character for each byte; undefined for what is too large or has too many */
export function rawFields(body: Uint8Array): readonly string[] | undefined {
  return isTooMuch(body) ? undefined : latin1(body).split('&');
}

/** @returns what a target asks with; nothing where that are too many fields */
export function readQuery(target: string): URLSearchParams {
  const query = target.indexOf('?');
  const text = query < 0 ? '' : target.slice(query + 1);
  return new URLSearchParams(text.split('&', QUERY_FIELDS_MAX + 1).length > QUERY_FIELDS_MAX ? '' : text);
}

function isTooMuch(body: Uint8Array): boolean {
  if (body.length > FORM_LIMIT_BYTES) return true;
  let fields = 1;
  for (const byte of body) if (byte === AMPERSAND) fields += 1;
  return fields > FIELDS_MAX;
}

const AMPERSAND = 0x26;

/** One character for each byte. */
export function latin1(bytes: Uint8Array): string {
  let result = '';
  for (const byte of bytes) result += String.fromCharCode(byte);
  return result;
}
