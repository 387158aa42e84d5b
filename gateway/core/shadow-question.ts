import { type AnswerQuestion, compareAnswers } from '../../hydra/validation/compare-answers';
import { type ExpectedDifference } from '../../hydra/paths/differences';
import { adminPath, withConsentId } from '../../hydra/versions';
import { type ListenerName } from './feature';
import { isIntrospection } from './introspection';
import { pathOf } from './path-of';
import { parsedJson } from '../../domain/json';

export interface ShadowRequest {
  readonly listener: ListenerName;
  readonly method: string;
  readonly target: string;
  readonly headers: readonly string[];
  readonly body: Uint8Array | undefined;
}

export interface ShadowAnswer {
  readonly status: number;
  readonly body: string;
}

/** A list that is longer may be a page of 1.x, which 2.x cuts elsewhere. */
const WHOLE_LIST_MAX = 99;

/** @returns what is asked, when it only reads and both generations answer it in the same form */
export function shadowQuestion(listener: ListenerName, method: string, target: string): AnswerQuestion | undefined {
  if (listener === 'public') {
    const path = pathOf(target);
    if (method !== 'GET') return undefined;
    return path === '/userinfo' ? 'userinfo' : path === '/.well-known/openid-configuration' ? 'discovery' : undefined;
  }
  if (isIntrospection(method, target)) return 'introspection';
  if (method !== 'GET' || /[?&](?:limit|offset|page_size|page_token)=/.test(target)) return undefined;
  const path = pathOf(adminPath(target, 1));
  if (path === '/oauth2/auth/sessions/consent') return 'consent';
  return /^\/clients\/[^/]+$/.test(path) ? 'client' : undefined;
}

/**
 * @param expected what green may answer otherwise on the way that is gone
 * @returns the fields in which green's answer is not what blue's means; undefined when the two cannot be compared: an error of a
 *   server is no answer
 */
export function differingFields(
  expected: readonly ExpectedDifference[],
  question: AnswerQuestion,
  blue: ShadowAnswer,
  green: ShadowAnswer,
): readonly string[] | undefined {
  if (blue.status >= 500 || green.status >= 500 || blue.status === 429 || green.status === 429) return undefined;
  if (blue.status !== green.status) return ['(status)'];
  if (blue.status !== 200) return [];
  const [ofBlue, ofGreen] = [read(question, blue.body), read(question, green.body)];
  if (ofBlue === undefined || ofGreen === undefined) return blue.body === green.body ? [] : undefined;
  if (Array.isArray(ofBlue) && ofBlue.length > WHOLE_LIST_MAX) return undefined;
  return [
    ...new Set(
      compareAnswers(expected, question, ofBlue, ofGreen).map(({ path, kind }) => `${path || '(all)'} ${kind}`),
    ),
  ];
}

function read(question: AnswerQuestion, text: string): unknown {
  const value = parsedJson(text);
  return question === 'consent' && Array.isArray(value) ? value.map(withConsentId).sort(byConsent) : value;
}

/** The order of consents of the same second is not the same on both sides. */
function byConsent(one: unknown, other: unknown): number {
  const [a, b] = [challengeOf(one), challengeOf(other)];
  return a < b ? -1 : a > b ? 1 : 0;
}

function challengeOf(consent: unknown): string {
  const { consent_request: request } = (consent ?? {}) as { consent_request?: { challenge?: unknown } };
  return typeof request?.challenge === 'string' ? request.challenge : '';
}
