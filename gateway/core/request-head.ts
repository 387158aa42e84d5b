import { pathOf } from './path-of';

export interface RequestHeadInput {
  readonly method: string;
  readonly target: string;
  /** Name, value, name, value…, as they came. */
  readonly rawHeaders: readonly string[];
  /** The other end of the connection. */
  readonly clientAddress: string;
  readonly maxHeaderCount: number;
  /** The client speaks HTTP/1.0. @default false */
  readonly isHttp10?: boolean;
  /** Whose word about the client is taken. @default nobody's */
  readonly isTrusted?: (address: string) => boolean;
  /** What this request is called from here on, unless somebody trusted has named it already. */
  readonly requestId?: string;
}

/** A request head that was judged, with the headers as the side gets them. */
export interface RequestHead {
  readonly ok: true;
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  /** The target without the query, which is where secrets would be. */
  readonly path: string;
  readonly headers: string[];
  /** Who called, as far as those are trusted who tell it. */
  readonly clientAddress: string;
  readonly requestId: string | undefined;
  readonly hasHost: boolean;
  readonly body: 'none' | 'sized' | 'chunked';
  readonly contentLength: number;
  /** What parking it costs, without a body. */
  readonly headBytes: number;
}

export interface HeadRefusal {
  readonly ok: false;
  readonly status: 400 | 431 | 501;
  readonly message: string;
}

/** Fields of one connection (RFC 9110 section 7.6.1), and those of an upgrade, which is not offered. */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
]);

/** A `Connection` header may not name these away: they decide framing, routing and trust. */
const NEVER_NAMED_AWAY = new Set(['host', 'content-length', 'x-forwarded-for', 'x-forwarded-proto', 'authorization']);

/**
 * Judges framing and builds the forwarded headers in one pass: everything in the order, spelling and number it came,
 * without hop-by-hop fields, with `X-Forwarded-Proto: https` in place of any the client sent. What says whom a request is from
 * (`X-Forwarded-*`, `Forwarded`, `X-Real-IP`) and what it is called (`X-Request-Id`) is taken from trusted proxies alone; their chain
 * in `X-Forwarded-For` gets their own address appended.
 *
 * What two parsers might read differently is refused: both lengths, other transfer codings, two hosts. An absolute target goes on as its
 * path, and what it names is the host.
 */
export function readRequestHead(input: RequestHeadInput): RequestHead | HeadRefusal {
  const { method, rawHeaders } = input;
  const asked = readTarget(method, input.target);
  if (asked === undefined) return refuse(400, 'the request target has to be a path');
  const { target, authority } = asked;
  if (rawHeaders.length > input.maxHeaderCount * 2) {
    return refuse(431, `more than ${input.maxHeaderCount} header fields`);
  }
  const trusted = input.isTrusted?.(input.clientAddress) === true;
  const fields = collectFields(rawHeaders, trusted);
  const { length, coding } = fields;
  if (fields.hosts > 1) return refuse(400, 'more than one Host');
  if (fields.lengths > 1) return refuse(400, 'more than one Content-Length');
  if (coding !== undefined && length !== undefined) return refuse(400, 'both Content-Length and Transfer-Encoding');
  if (coding !== undefined && input.isHttp10 === true) return refuse(400, 'HTTP/1.0 has no transfer codings');
  if (coding !== undefined && coding.trim().toLowerCase() !== 'chunked') {
    return refuse(501, 'the only transfer coding is chunked');
  }
  const named = fields.named === undefined ? fields.headers : withoutNamed(fields.headers, fields.named);
  const kept = authority === undefined ? named : withHost(named, authority);
  const { forwardedFor } = fields;
  kept.push('X-Forwarded-Proto', 'https');
  kept.push('X-Forwarded-For', forwardedFor ? `${forwardedFor}, ${input.clientAddress}` : input.clientAddress);
  const requestId = fields.requestId ?? input.requestId;
  if (requestId !== undefined) kept.push('X-Request-Id', requestId);
  const chunked = coding !== undefined;
  if (chunked) kept.push('Transfer-Encoding', 'chunked');
  else if (length === undefined && mayHaveContent(method)) kept.push('Content-Length', '0');
  const contentLength = length === undefined ? 0 : Number(length);
  const body = chunked ? 'chunked' : contentLength > 0 ? 'sized' : 'none';
  return {
    ok: true,
    method,
    target,
    path: pathOf(target),
    headers: kept,
    clientAddress: clientOf(forwardedFor, input),
    requestId,
    hasHost: fields.hosts === 1 || authority !== undefined,
    body,
    contentLength,
    headBytes: fields.bytes + target.length,
  };
}

interface AskedTarget {
  /** Path and query, or `*`. */
  readonly target: string;
  /** What an absolute target names; it counts for more than `Host` (RFC 9112 section 3.2.2). */
  readonly authority?: string;
}

/** Without a user: whoever sees one there may take it for the host. */
const ABSOLUTE = /^https?:\/\/([^/?#@\\]+)([/?][^#]*)?$/i;

/** @returns undefined when it is neither a path, nor an absolute target, nor the whole server, which OPTIONS asks about alone */
function readTarget(method: string, target: string): AskedTarget | undefined {
  if (target.startsWith('/') || (target === '*' && method === 'OPTIONS')) return { target };
  const [, authority, rest = ''] = ABSOLUTE.exec(target) ?? [];
  if (authority === undefined) return undefined;
  if (rest === '' && method === 'OPTIONS') return { target: '*', authority };
  return { target: rest.startsWith('/') ? rest : `/${rest}`, authority };
}

function withHost(headers: readonly string[], host: string): string[] {
  const others = headers.filter((_text, index) => headers[index - (index % 2)]?.toLowerCase() !== 'host');
  return ['Host', host, ...others];
}

interface Fields {
  /** End-to-end fields, as they came. */
  readonly headers: string[];
  hosts: number;
  lengths: number;
  length: string | undefined;
  coding: string | undefined;
  /** Values of `Connection`. */
  named: string | undefined;
  forwardedFor: string | undefined;
  requestId: string | undefined;
  bytes: number;
}

/** A name that may stand in a log. */
const REQUEST_ID = /^[A-Za-z0-9._:=/+-]{1,128}$/;

/** The last in the chain whom nobody trusted stands for; what stands before him anybody may have written. */
function clientOf(forwardedFor: string | undefined, { clientAddress, isTrusted }: RequestHeadInput): string {
  const chain = (forwardedFor ?? '').split(',').map((part) => part.trim());
  for (let client = clientAddress; ;) {
    if (isTrusted?.(client) !== true) return client.slice(0, CLIENT_LENGTH_MAX);
    const before = chain.pop();
    if (before === undefined || before === '') return client.slice(0, CLIENT_LENGTH_MAX);
    client = before;
  }
}

/** No address is longer; whatever else a proxy passes on is cut. */
const CLIENT_LENGTH_MAX = 64;

function collectFields(rawHeaders: readonly string[], trusted: boolean): Fields {
  const headers: string[] = [];
  const fields: Fields = {
    headers,
    hosts: 0,
    lengths: 0,
    length: undefined,
    coding: undefined,
    named: undefined,
    forwardedFor: undefined,
    requestId: undefined,
    bytes: 0,
  };
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] as string;
    const value = rawHeaders[index + 1] as string;
    fields.bytes += name.length + value.length;
    const lower = name.toLowerCase();
    switch (lower) {
      case 'host':
        fields.hosts += 1;
        headers.push(name, value);
        break;
      case 'content-length':
        fields.lengths += 1;
        fields.length = value;
        headers.push(name, value);
        break;
      case 'transfer-encoding':
        fields.coding = fields.coding === undefined ? value : `${fields.coding},${value}`;
        break;
      case 'connection':
        fields.named = fields.named === undefined ? value : `${fields.named},${value}`;
        break;
      case 'x-forwarded-for':
        if (trusted)
          fields.forwardedFor = fields.forwardedFor === undefined ? value : `${fields.forwardedFor}, ${value}`;
        break;
      case 'x-request-id':
        if (trusted && REQUEST_ID.test(value)) fields.requestId = value;
        break;
      case 'forwarded':
      case 'x-real-ip':
        if (trusted) headers.push(name, value);
        break;
      case 'x-forwarded-proto':
      case 'keep-alive':
      case 'proxy-connection':
      case 'te':
      case 'upgrade':
      case 'http2-settings':
      case 'expect': // met by us: the body is read before it is forwarded
        break;
      default:
        if (trusted || !lower.startsWith('x-forwarded-')) headers.push(name, value);
    }
  }
  return fields;
}

/**
 * A side's response headers as the client gets them: without what belongs to the connection between us and the side.
 * @param mayTrail trailers can follow; otherwise none are announced
 * @param mayHaveLength 204 has none, and who reads one there may wait for a body
 */
export function responseHeaders(rawHeaders: readonly string[], mayTrail: boolean, mayHaveLength = true): string[] {
  const headers: string[] = [];
  let named: string | undefined;
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] as string;
    const value = rawHeaders[index + 1] as string;
    const lower = name.toLowerCase();
    if (!HOP_BY_HOP.has(lower)) {
      if ((mayTrail || lower !== 'trailer') && (mayHaveLength || lower !== 'content-length')) headers.push(name, value);
    } else if (lower === 'connection') named = named === undefined ? value : `${named},${value}`;
  }
  return named === undefined ? headers : withoutNamed(headers, named);
}

/**
 * The headers of a body that was read in whole, so that its framing is a length.
 * @param length undefined without a body
 */
export function wholeBodyHeaders(headers: readonly string[], length: number | undefined): string[] {
  const kept: string[] = [];
  for (let index = 0; index + 1 < headers.length; index += 2) {
    const name = headers[index] as string;
    const lower = name.toLowerCase();
    if (lower === 'transfer-encoding' || lower === 'content-length') continue;
    kept.push(name, headers[index + 1] as string);
  }
  if (length !== undefined) kept.push('Content-Length', String(length));
  return kept;
}

/** Methods whose missing length is spelled out, so that no framing has to be made up on the way. */
function mayHaveContent(method: string): boolean {
  return method === 'POST' || method === 'PUT' || method === 'PATCH';
}

function withoutNamed(headers: string[], connection: string): string[] {
  if (connection === 'keep-alive' || connection === 'close') return headers;
  const named = new Set(
    connection
      .toLowerCase()
      .split(',')
      .map((option) => option.trim())
      .filter((option) => option !== '' && !NEVER_NAMED_AWAY.has(option)),
  );
  const kept: string[] = [];
  for (let index = 0; index + 1 < headers.length; index += 2) {
    const name = headers[index] as string;
    if (!named.has(name.toLowerCase())) kept.push(name, headers[index + 1] as string);
  }
  return kept;
}

function refuse(status: HeadRefusal['status'], message: string): HeadRefusal {
  return { ok: false, status, message };
}
