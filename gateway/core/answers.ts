import { type ParkRefusal } from './hold-queue';

/** What the gateway itself answers with; `error` is read by OAuth clients. */
export const ANSWERS = {
  held_queue_full: { status: 503, error: 'temporarily_unavailable', retryAfterS: 1 },
  in_doubt: { status: 503, error: 'temporarily_unavailable', retryAfterS: 2 },
  shutting_down: { status: 503, error: 'temporarily_unavailable', retryAfterS: 1 },
  side_not_ready: { status: 503, error: 'temporarily_unavailable', retryAfterS: 1 },
  upstream_failed: { status: 502, error: 'server_error', retryAfterS: undefined },
  upstream_timeout: { status: 504, error: 'server_error', retryAfterS: undefined },
  body_timeout: { status: 408, error: 'invalid_request', retryAfterS: undefined },
  body_given_up: { status: 503, error: 'temporarily_unavailable', retryAfterS: 1 },
  too_many_large_bodies: { status: 503, error: 'temporarily_unavailable', retryAfterS: 1 },
  body_too_large: { status: 413, error: 'invalid_request', retryAfterS: undefined },
} as const;

export type AnswerName = keyof typeof ANSWERS;

export const DESCRIPTIONS: Record<AnswerName, string> = {
  held_queue_full: 'The service is switching over and cannot hold more requests; retry shortly.',
  in_doubt: 'The service is finding out which side serves; retry shortly.',
  shutting_down: 'This instance is shutting down; retry shortly.',
  side_not_ready: 'The service cannot vouch for tokens at the moment; retry shortly.',
  upstream_failed: 'The upstream server did not answer as the protocol asks.',
  upstream_timeout: 'The upstream server did not answer in time.',
  body_timeout: 'The request body did not arrive in time.',
  body_given_up: 'Too many request bodies are under way; retry shortly.',
  too_many_large_bodies: 'Too many large requests are under way; retry shortly.',
  body_too_large: 'The request body is too large for this endpoint.',
};

/** After these the rest of the request is not waited for. */
export const CLOSING: ReadonlySet<AnswerName> = new Set(['body_timeout', 'body_given_up']);

/** What a client is told whose request could not wait. */
export function answerToRefusal(why: ParkRefusal): AnswerName {
  return why === 'in_doubt' || why === 'shutting_down' ? why : 'held_queue_full';
}
