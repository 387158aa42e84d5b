import { headerValue, isForm, latin1, rawFields } from './form';

/** So many bytes of a password does bcrypt look at. */
export const BCRYPT_BYTES = 72;

interface Presented {
  readonly clientId: string;
  readonly secret: Uint8Array;
}

/** The same request with another secret. */
interface WithSecret {
  readonly headers?: string[];
  readonly body?: Uint8Array;
}

/**
 * How a client authenticates itself, as both Hydras read it: HTTP Basic, whose parts are escaped as in a form, or else the first
 * `client_id` and `client_secret` of a form.
 *
 * Source: ory/fosite v0.42.3 and v0.49.0, client_authentication.go, `clientCredentialsFromRequest`; Go, net/http `BasicAuth`.
 */
export function presentedSecret(rawHeaders: readonly string[], body: Uint8Array | undefined): Presented | undefined {
  const basic = readBasic(headerValue(rawHeaders, 'authorization'));
  if (basic === 'unreadable') return undefined;
  if (basic !== undefined) return { clientId: text(basic.id), secret: basic.secret };
  const fields = formFields(rawHeaders, body);
  const [id, secret] = [valueOf(fields, 'client_id'), valueOf(fields, 'client_secret')];
  return id === undefined || secret === undefined ? undefined : { clientId: text(id), secret };
}

/** @returns who a client says that it is, whatever it shows for that; undefined where it does not say */
export function presentedClient(rawHeaders: readonly string[], body: Uint8Array | undefined): string | undefined {
  const basic = readBasic(headerValue(rawHeaders, 'authorization'));
  if (basic === 'unreadable') return undefined;
  if (basic !== undefined) return text(basic.id);
  const fields = formFields(rawHeaders, body);
  const id = valueOf(fields, 'client_id');
  return id === undefined ? subjectOf(valueOf(fields, 'client_assertion')) : text(id);
}

/** Of an assertion by which a client says who it is. */
function subjectOf(assertion: Uint8Array | undefined): string | undefined {
  const claims = assertion && latin1(assertion).split('.')[1];
  if (claims === undefined) return undefined;
  try {
    const { sub } = JSON.parse(text(bytesOf(atob(claims.replaceAll('-', '+').replaceAll('_', '/'))))) as {
      sub?: unknown;
    };
    return typeof sub === 'string' ? sub : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Cuts a longer secret to the bytes that bcrypt looked at when blue compared it: what it let in, green lets in then.
 * @returns undefined when there is nothing to cut
 */
export function cutSecret(rawHeaders: readonly string[], body: Uint8Array | undefined): WithSecret | undefined {
  const presented = presentedSecret(rawHeaders, body);
  if (presented === undefined || presented.secret.length <= BCRYPT_BYTES) return undefined;
  const kept = escaped(presented.secret.subarray(0, BCRYPT_BYTES));
  const basic = readBasic(headerValue(rawHeaders, 'authorization'));
  if (typeof basic === 'object') {
    const value = `Basic ${btoa(`${escaped(basic.id)}:${kept}`)}`;
    return { headers: withHeader(rawHeaders, 'authorization', value) };
  }
  const fields = formFields(rawHeaders, body);
  if (fields === undefined) return undefined;
  let done = false;
  const parts = fields.map((part) => {
    if (done || nameOf(part) !== 'client_secret') return part;
    done = true;
    return `client_secret=${kept}`;
  });
  const cut = bytesOf(parts.join('&'));
  return { headers: withHeader(rawHeaders, 'content-length', String(cut.length)), body: cut };
}

interface Basic {
  readonly id: Uint8Array;
  readonly secret: Uint8Array;
}

function readBasic(header: string | undefined): Basic | 'unreadable' | undefined {
  if (header === undefined || !/^basic /i.test(header)) return undefined;
  let pair: string;
  try {
    pair = atob(header.slice('basic '.length));
  } catch {
    return undefined; // Go takes no Basic from it either, and looks into the form
  }
  const colon = pair.indexOf(':');
  if (colon < 0) return undefined;
  const [id, secret] = [unescaped(pair.slice(0, colon)), unescaped(pair.slice(colon + 1))];
  return id === undefined || secret === undefined ? 'unreadable' : { id, secret };
}

function formFields(rawHeaders: readonly string[], body: Uint8Array | undefined): readonly string[] | undefined {
  return body !== undefined && isForm(rawHeaders) ? rawFields(body) : undefined;
}

function valueOf(parts: readonly string[] | undefined, name: string): Uint8Array | undefined {
  const part = parts?.find((each) => nameOf(each) === name);
  if (part === undefined) return undefined;
  const equals = part.indexOf('=');
  return unescaped(equals < 0 ? '' : part.slice(equals + 1));
}

function nameOf(part: string): string | undefined {
  const equals = part.indexOf('=');
  const name = unescaped(equals < 0 ? part : part.slice(0, equals));
  return name && latin1(name);
}

/** As Go's `url.QueryUnescape`. @param value one character for each byte */
function unescaped(value: string): Uint8Array | undefined {
  if (/%(?![0-9a-f]{2})/i.test(value)) return undefined;
  return bytesOf(
    value
      .replaceAll('+', ' ')
      .replace(/%([0-9a-f]{2})/gi, (_whole, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
  );
}

/** Every byte that could mean something else is spelled out. */
function escaped(bytes: Uint8Array): string {
  let result = '';
  for (const byte of bytes) {
    const char = String.fromCharCode(byte);
    result += /[A-Za-z0-9._~-]/.test(char) ? char : `%${byte.toString(16).padStart(2, '0').toUpperCase()}`;
  }
  return result;
}

function bytesOf(chars: string): Uint8Array {
  return Uint8Array.from(chars, (char) => char.charCodeAt(0));
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

function withHeader(rawHeaders: readonly string[], lowerName: string, value: string): string[] {
  const headers = [...rawHeaders];
  for (let index = 0; index + 1 < headers.length; index += 2) {
    if (headers[index]?.toLowerCase() !== lowerName) continue;
    headers[index + 1] = value;
    break;
  }
  return headers;
}
