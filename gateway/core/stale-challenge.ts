import { adminPath } from '../../hydra/versions';
import { readQuery } from './form';
import { pathOf } from './path-of';
import { type FeatureAnswer, type ListenerName } from './feature';

/** How a login or consent that is under way is named, and by whom: challenges by the login app, verifiers by the browser. */
export const STALE_CHALLENGE_KINDS = [
  'login_challenge',
  'login_verifier',
  'consent_challenge',
  'consent_verifier',
] as const;
export type StaleChallengeKind = (typeof STALE_CHALLENGE_KINDS)[number];

export interface NamedChallenge {
  readonly kind: StaleChallengeKind;
  readonly value: string;
}

const AUTHORIZE = '/oauth2/auth';
const PAGES = `${AUTHORIZE}/requests/`;

/** What the login app asks, and with which method. */
const ADMIN_CALLS: ReadonlyMap<string, readonly [kind: StaleChallengeKind, method: string]> = new Map(
  (['login', 'consent'] as const).flatMap((page) => [
    [`${PAGES}${page}`, [`${page}_challenge`, 'GET']],
    [`${PAGES}${page}/accept`, [`${page}_challenge`, 'PUT']],
    [`${PAGES}${page}/reject`, [`${page}_challenge`, 'PUT']],
  ]),
);

/** Cheap: whether `namedChallenge` could find one. */
export function mayNameChallenge(listener: ListenerName, target: string): boolean {
  if (listener === 'admin') return target.includes(PAGES);
  return target.startsWith(AUTHORIZE) && target.includes('verifier', AUTHORIZE.length);
}

/**
 * The challenge or verifier that a request goes on with, read as Hydra reads it: the first of a name counts, a login's before
 * a consent's, and the login app may use the short name of 1.x, `challenge`.
 */
export function namedChallenge(listener: ListenerName, method: string, target: string): NamedChallenge | undefined {
  const query = readQuery(target);
  if (listener === 'public') {
    if (pathOf(target) !== AUTHORIZE) return undefined;
    return (
      named('login_verifier', query.get('login_verifier')?.trim()) ??
      named('consent_verifier', query.get('consent_verifier')?.trim())
    );
  }
  const [kind, wanted] = ADMIN_CALLS.get(pathOf(adminPath(target, 1))) ?? [];
  if (kind === undefined || method !== wanted) return undefined;
  return named(kind, query.get(kind) || query.get('challenge'));
}

/** What only the answer to a client has: its redirect URI may hold anything besides. */
const OF_CLIENTS = ['code', 'error', 'state'];

/** @returns the challenge with which Hydra sends a browser to the login app */
export function challengeInLocation(location: string): NamedChallenge | undefined {
  if (!URL.canParse(location)) return undefined;
  const { searchParams, hash } = new URL(location);
  if (hash !== '' || OF_CLIENTS.some((name) => searchParams.has(name))) return undefined;
  return (
    named('login_challenge', searchParams.get('login_challenge')) ??
    named('consent_challenge', searchParams.get('consent_challenge'))
  );
}

function named(kind: StaleChallengeKind, value: string | null | undefined): NamedChallenge | undefined {
  return value ? { kind, value } : undefined;
}

const NOT_CACHED = { 'Cache-Control': 'no-store' } as const;

/** As Hydra answers for a stale one: the login app is told where to send the browser, and the browser goes there. */
export function answerToStale(listener: ListenerName, requestUrl: string): FeatureAnswer {
  if (listener === 'public')
    return { status: 302, headers: { ...NOT_CACHED, Location: asLocation(requestUrl) ?? requestUrl }, body: '' };
  const body = JSON.stringify({ redirect_to: requestUrl });
  return { status: 410, headers: { ...NOT_CACHED, 'Content-Type': 'application/json; charset=utf-8' }, body };
}

/** Where it began cannot be told now. */
export const STALE_UNREADABLE: FeatureAnswer = {
  status: 503,
  headers: { ...NOT_CACHED, 'Retry-After': '1' },
  body: '',
};

/**
 * A stored `request_url` as it may stand in a header: as it is, but for characters that no header takes.
 *
 * @returns undefined for what is no http(s) address, or would lead somewhere else when written that way
 */
export function asLocation(requestUrl: string): string | undefined {
  if (!/^https?:\/\//i.test(requestUrl) || !URL.canParse(requestUrl)) return undefined;
  const wellFormed = requestUrl.replace(/\p{Surrogate}/gu, '\ufffd');
  const location = wellFormed.replace(/[^\x21-\x7e]+/g, encodeURIComponent);
  const same = URL.canParse(location) && new URL(location).origin === new URL(requestUrl).origin;
  return same ? location : undefined;
}
