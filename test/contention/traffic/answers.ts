import { type OperationKind } from '../history/operation';

/** What a request was answered; undefined where there was no answer. */
export interface RawAnswer {
  readonly statusCode: number | undefined;
  readonly json: unknown;
}

/** What the answer says, before its tokens have labels. */
export type Said =
  | { readonly is: 'tokens'; readonly access: string; readonly refresh: string; readonly byBlue: boolean }
  | { readonly is: 'reused' | 'notFound' | 'noClient' | 'conflict' | 'done' | 'active' | 'inactive' }
  /** May have happened or not: no answer, a 5xx, or one that is none of Hydra's. */
  | { readonly is: 'unknown'; readonly why: string };

/** Hydra 2 marks its tokens; those of 1.x bear no mark. */
const MARK_OF_2 = 'ory_at_';

/**
 * What Hydra 1.11.10 or 2.3.0 means by an answer. Both put the hint for "used before" into the description, and both answer a
 * conflict of two transactions with invalid_request.
 */
export function readAnswer(kind: OperationKind, { statusCode, json }: RawAnswer): Said {
  if (statusCode === undefined) return { is: 'unknown', why: 'no answer' };
  const body = typeof json === 'object' && json !== null ? (json as Readonly<Record<string, unknown>>) : {};
  const error = text(body['error']);
  const unknown: Said = { is: 'unknown', why: `${statusCode}${error === '' ? '' : ` ${error}`}` };
  if (statusCode >= 500) return unknown;
  switch (kind) {
    case 'introspect':
      if (statusCode !== 200 || typeof body['active'] !== 'boolean') return unknown;
      return { is: body['active'] ? 'active' : 'inactive' };
    case 'userinfo':
      if (statusCode === 200) return { is: 'active' };
      return statusCode === 401 ? { is: 'inactive' } : unknown;
    case 'redeem':
    case 'refresh':
      return statusCode === 200 ? tokensOf(body) : (refusal(statusCode, error, descriptionOf(body)) ?? unknown);
    case 'revoke':
      if (statusCode === 200) return { is: 'done' };
      return refusal(statusCode, error, descriptionOf(body)) ?? unknown;
    case 'deleteConsent':
    case 'deleteClient':
      if (statusCode === 204) return { is: 'done' };
      return statusCode === 404 ? { is: 'notFound' } : unknown;
  }
}

function tokensOf(body: Readonly<Record<string, unknown>>): Said {
  const [access, refresh] = [text(body['access_token']), text(body['refresh_token'])];
  if (access === '' || refresh === '') return { is: 'unknown', why: '200 without tokens' };
  return { is: 'tokens', access, refresh, byBlue: !access.startsWith(MARK_OF_2) };
}

function refusal(statusCode: number, error: string, description: string): Said | undefined {
  if (error === 'token_inactive' || /already (been )?used/.test(description)) return { is: 'reused' };
  if (error === 'invalid_grant') return { is: 'notFound' };
  if (error === 'invalid_client' && statusCode === 401) return { is: 'noClient' };
  if (error === 'invalid_request' && /multiple concurrent requests|Please retry/.test(description))
    return { is: 'conflict' };
  return undefined;
}

/** 1.11.10 splits what 2.3.0 says in one text. */
function descriptionOf(body: Readonly<Record<string, unknown>>): string {
  return ['error_description', 'error_hint', 'error_debug'].map((name) => text(body[name])).join(' ');
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');
