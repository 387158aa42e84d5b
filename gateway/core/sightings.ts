import { type OAuthGrant, type OAuthOutcome } from '../../domain/oauth-answers';
import { SIGHTING_KINDS, type Sighting, type SightingKind, type Sightings } from '../../domain/sightings';
import { adminPath } from '../../hydra/versions';
import { pathOf } from './path-of';
import { BCRYPT_BYTES, presentedClient, presentedSecret } from './client-secret';
import { type ListenerName } from './feature';
import { headerValue, readForm, readQuery } from './form';
import { isPagedAs1x } from './paging';
import { parsedJson } from '../../domain/json';

export interface ObservedRequest {
  readonly listener: ListenerName;
  readonly method: string;
  readonly target: string;
  /** What is asked of the token endpoint. */
  readonly grant: OAuthGrant;
  readonly rawHeaders: readonly string[];
  /** All of it, or undefined. */
  readonly body: Uint8Array | undefined;
  /** The address of whoever called. */
  readonly caller: string;
}

/** What blue said to it. */
interface ObservedAnswer {
  readonly status: number;
  readonly outcome: OAuthOutcome;
  readonly allowsOrigin: boolean;
}

type Seen = Pick<Sighting, 'kind' | 'who' | 'what'>;

/** A request that may be one; whether it is shows blue's answer. */
export interface Suspicion {
  readonly kind: SightingKind;
  readonly what: string;
  /** Asked once it is so. */
  readonly who: () => string;
  readonly isSo: (answer: ObservedAnswer) => boolean;
}

/** They show that blue took the client for the one that it says it is. */
const AUTHENTICATED: ReadonlySet<OAuthOutcome> = new Set([
  'ok',
  'invalid_grant',
  'invalid_scope',
  'token_inactive',
  'unauthorized_client',
]);
const AUTHENTICATING = ['/oauth2/token', '/oauth2/revoke'];
/** No shorter value holds a secret that is too long. */
const WITHOUT_LONG_SECRET_BYTES = BCRYPT_BYTES;
const REMOVED: ReadonlySet<string> = new Set(['POST /oauth2/flush']);
/** `POST /keys/SET` makes a key pair or a secret. */
const MAKES_KEY = /^POST \/keys\/[^/]+$/;
const isTaken = ({ status }: ObservedAnswer) => status < 300;

/** Cheap for almost all requests: what each rule looks at first is method and path. */
export function suspicionOf(request: ObservedRequest): Suspicion | undefined {
  const { listener, method, target } = request;
  return listener === 'public'
    ? publicSuspicion(request, method, pathOf(target))
    : adminSuspicion(request, method, target);
}

function publicSuspicion(request: ObservedRequest, method: string, path: string): Suspicion | undefined {
  const what = `${method} ${path}`;
  if (method === 'OPTIONS') {
    const origin = headerValue(request.rawHeaders, 'origin');
    const asks = headerValue(request.rawHeaders, 'access-control-request-method');
    if (origin === undefined || asks === undefined) return undefined;
    // Not of which path: blue allows any of them, and somebody who asks for thousands would leave no room for other origins.
    return { kind: 'cors_preflight', who: () => origin, what: 'OPTIONS *', isSo: ({ allowsOrigin }) => allowsOrigin };
  }
  if (method === 'POST' && AUTHENTICATING.includes(path)) {
    return longSecret(request, what) ?? grantSuspicion(request, what);
  }
  if (path !== '/oauth2/auth' || (method !== 'GET' && method !== 'POST')) return undefined;
  const query = readQuery(request.target);
  const form = method === 'POST' ? readForm(request.rawHeaders, request.body) : undefined;
  // Both Hydras look into the form first.
  const asked = (name: string) => form?.get(name) ?? query.get(name) ?? '';
  const isOpenId = asked('scope').split(' ').includes('openid');
  // A request object may hold what is missing here; a verifier stands in for all of it.
  const isWhole = ['request', 'request_uri', 'login_verifier', 'consent_verifier'].every(
    (name) => form?.has(name) !== true && !query.has(name),
  );
  if (!isOpenId || !isWhole || asked('redirect_uri') !== '' || asked('client_id') === '') return undefined;
  return { kind: 'no_redirect_uri', who: () => asked('client_id'), what, isSo: isRedirected };
}

function longSecret(request: ObservedRequest, what: string): Suspicion | undefined {
  if (!mayHaveLongSecret(request)) return undefined;
  const presented = presentedSecret(request.rawHeaders, request.body);
  if (presented === undefined || presented.secret.length <= BCRYPT_BYTES) return undefined;
  return {
    kind: 'long_client_secret',
    who: () => presented.clientId,
    what,
    isSo: ({ outcome }) => AUTHENTICATED.has(outcome),
  };
}

function grantSuspicion({ grant, rawHeaders, body }: ObservedRequest, what: string): Suspicion | undefined {
  const who = () => presentedClient(rawHeaders, body) ?? 'a client that does not say who it is';
  if (grant === 'jwt_bearer') return { kind: 'bearer_assertion', who, what, isSo: ({ outcome }) => outcome === 'ok' };
  if (grant !== 'refresh_token') return undefined;
  return { kind: 'dead_refresh_token', who, what, isSo: ({ outcome }) => outcome === 'token_inactive' };
}

function isRedirected({ status, outcome }: ObservedAnswer): boolean {
  return status >= 300 && status < 400 && outcome === 'ok';
}

function adminSuspicion(request: ObservedRequest, method: string, target: string): Suspicion | undefined {
  const { caller, body } = request;
  const who = () => caller;
  const path = pathOf(adminPath(target, 1));
  const what = `${method} ${path}`;
  if (isPagedAs1x(method, target)) return { kind: 'paging', who, what, isSo: isTaken };
  if (REMOVED.has(what)) return { kind: 'removed_endpoint', who, what, isSo: isTaken };
  if (MAKES_KEY.test(what)) return { kind: 'new_key', who, what, isSo: isTaken };
  const changes = method === 'POST' || method === 'PUT' || method === 'PATCH';
  if (!changes || (path !== '/clients' && !path.startsWith('/clients/')) || body === undefined) return undefined;
  if (body.length > WITHOUT_LONG_SECRET_BYTES && newSecretIsLong(body))
    return { kind: 'long_new_secret', who, what: `${method} /clients`, isSo: isTaken };
  if (what !== 'POST /clients' || namesItself(body)) return undefined;
  return { kind: 'unnamed_client', who, what, isSo: isTaken };
}

function mayHaveLongSecret({ rawHeaders, body }: ObservedRequest): boolean {
  const header = headerValue(rawHeaders, 'authorization')?.length ?? 0;
  return header > WITHOUT_LONG_SECRET_BYTES || (body?.length ?? 0) > WITHOUT_LONG_SECRET_BYTES;
}

function namesItself(body: Uint8Array): boolean {
  return Boolean((parsedJson(new TextDecoder().decode(body)) as { client_id?: unknown } | null | undefined)?.client_id);
}

/** Of a client as JSON, or of a JSON patch. */
function newSecretIsLong(body: Uint8Array): boolean {
  const value = parsedJson(new TextDecoder().decode(body));
  const secrets = Array.isArray(value)
    ? value.map((each: { path?: unknown; value?: unknown } | null) =>
        each?.path === '/client_secret' ? each.value : undefined,
      )
    : [(value as { client_secret?: unknown } | null)?.client_secret];
  return secrets.some((secret) => typeof secret === 'string' && new TextEncoder().encode(secret).length > BCRYPT_BYTES);
}

const WHO_LENGTH_MAX = 200;

/** What an older version kept lacks the kinds that it did not know. */
export type KnownSightings = Omit<Sightings, 'beyond'> & { readonly beyond: Partial<Sightings['beyond']> };

/** Counts what was seen of whom, in bounded room. */
export class SightingBook {
  private readonly sightings = new Map<string, Sighting>();
  private readonly counts: Record<SightingKind, number>;
  private readonly beyond: Record<SightingKind, number>;
  private readonly since: string;

  /**
   * @param known of an earlier life of this gateway
   * @param max for each kind
   */
  constructor(
    known: KnownSightings | undefined,
    now: string,
    private readonly max: number,
  ) {
    this.since = known?.since ?? now;
    this.counts = zeroes();
    this.beyond = { ...zeroes(), ...known?.beyond };
    for (const sighting of known?.sightings ?? []) {
      this.sightings.set(keyOf(sighting), sighting);
      this.counts[sighting.kind] += 1;
    }
  }

  add({ kind, who, what }: Seen, now: string): void {
    const seen = { kind, who: who.slice(0, WHO_LENGTH_MAX), what: what.slice(0, WHO_LENGTH_MAX) };
    const key = keyOf(seen);
    const known = this.sightings.get(key);
    if (known !== undefined) {
      this.sightings.set(key, { ...known, count: known.count + 1, lastAt: now });
    } else if (this.counts[kind] < this.max) {
      this.counts[kind] += 1;
      this.sightings.set(key, { ...seen, count: 1, firstAt: now, lastAt: now });
    } else {
      this.beyond[kind] += 1;
    }
  }

  view(): Sightings {
    return { since: this.since, sightings: [...this.sightings.values()], beyond: { ...this.beyond } };
  }
}

function zeroes(): Record<SightingKind, number> {
  return Object.fromEntries(SIGHTING_KINDS.map((kind) => [kind, 0])) as Record<SightingKind, number>;
}

function keyOf({ kind, who, what }: Seen): string {
  return JSON.stringify([kind, who, what]);
}
