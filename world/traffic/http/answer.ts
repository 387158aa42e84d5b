import { isCutoverFault } from '../../../domain/faults';
import { parsedJson } from '../../../domain/json';
import { type OauthHttp, type OauthRequest, type OauthResponse } from '../../oauth';

/**
 * What a client makes of an answer. `lost`: none came, or a 5xx did, and nothing is known about the effect. `refused`: the
 * server said no in the words of the protocol.
 */
export type Answer<Value> =
  | { readonly kind: 'ok'; readonly value: Value }
  | { readonly kind: 'refused'; readonly status: number; readonly reason: string }
  | { readonly kind: 'lost'; readonly reason: string };

export const ok = <Value>(value: Value): Answer<Value> => ({ kind: 'ok', value });

const SERVER_ERROR = 500;

/** Sends one request; `accept` says which statuses are the promised ones. Never rejects for anything a server does. */
export async function ask(
  http: OauthHttp,
  request: OauthRequest,
  accept: readonly number[],
): Promise<Answer<OauthResponse>> {
  let response: OauthResponse;
  try {
    response = await http.send(request);
  } catch (error) {
    if (!isCutoverFault(error)) throw error;
    return { kind: 'lost', reason: transportReason(error) };
  }
  if (accept.includes(response.statusCode)) return ok(response);
  const reason = `${response.statusCode} ${oauthError(response.text)}`.trim();
  if (response.statusCode >= SERVER_ERROR) return { kind: 'lost', reason };
  return { kind: 'refused', status: response.statusCode, reason };
}

/** @returns the body as an object; an empty one when it is none */
export function bodyOf(response: OauthResponse): Readonly<Record<string, unknown>> {
  const value = parsedJson(response.text);
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

/** The code of the innermost cause, such as ECONNRESET: messages may quote what was sent. */
export function transportReason(error: unknown): string {
  let reason = 'no answer';
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    if ('code' in at && typeof at.code === 'string') reason = at.code;
  }
  return reason;
}

function oauthError(text: string): string {
  const found = /"error"\s*:\s*"([a-z_]{1,60})"/.exec(text.slice(0, 4_096));
  return found?.[1] ?? '';
}
