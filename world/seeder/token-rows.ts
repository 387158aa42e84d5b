import { type TokenKind, encrypt, opaqueToken } from './hydra-crypto';
import { type SessionFacts, type TokenExpiry, userSession } from './session-data';

const ACCESS_TTL_MS = 3_600_000;
const REFRESH_TTL_MS = 720 * 3_600_000;
const CODE_TTL_MS = 600_000;

/** One row of `sql/attempt-batch.sql`. */
export interface Attempt {
  readonly n: number;
  readonly kind: 'granted' | 'code-pending' | 'code-expired';
  readonly subject: string;
  readonly client_id: string;
  readonly forced_subject: string;
  readonly consent_challenge: string;
  readonly session_id: string;
  readonly granted_scope: string;
  readonly request_url: string;
  readonly access_claims: string;
  readonly id_claims: string;
  readonly chain: 'active' | 'revoked' | 'none';
  readonly rotations: number;
  readonly keeps_code: boolean;
  readonly authenticated_ms: number;
  readonly issued_ms: number;
  readonly last_used_ms: number;
}

/** Columns of one token table, as arrays for `unnest`. `last` is the column that only this table has. */
export interface TokenColumns<Last> {
  readonly attempt: number[];
  readonly signature: string[];
  readonly requestedAt: string[];
  readonly session: string[];
  readonly last: Last[];
}

export interface TokenBatch {
  readonly access: TokenColumns<never>;
  readonly refresh: TokenColumns<boolean>;
  readonly code: TokenColumns<boolean>;
  readonly oidc: TokenColumns<never>;
  readonly pkce: TokenColumns<string>;
}

export interface TokenSettings {
  readonly seed: number;
  readonly issuer: string;
  readonly key: Buffer;
  /** Off: sessions are plain JSON, as with `oauth2.session.encrypt_at_rest: false`. */
  readonly encryptSessions: boolean;
}

export function emptyBatch(): TokenBatch {
  return {
    access: emptyColumns(),
    refresh: emptyColumns(),
    code: emptyColumns(),
    oidc: emptyColumns(),
    pkce: emptyColumns(),
  };
}

/**
 * Adds the token rows that Hydra would hold for `attempts`: the whole refresh chain, the current access token, codes while they are
 * kept.
 */
export function addTokenRows(batch: TokenBatch, attempts: readonly Attempt[], settings: TokenSettings): void {
  for (const attempt of attempts) {
    const grant = { attempt, settings, session: userSession(sessionFacts(attempt, settings)) };
    if (attempt.keeps_code) addCode(batch, grant);
    if (attempt.kind === 'granted') addChain(batch, grant);
  }
}

interface Grant {
  readonly attempt: Attempt;
  readonly settings: TokenSettings;
  readonly session: (expiry?: TokenExpiry) => string;
}

function addCode(batch: TokenBatch, { attempt, settings, session }: Grant): void {
  const pending = attempt.kind !== 'granted';
  const name = { seed: settings.seed, kind: 'code', grant: attempt.n, rotation: 0 } as const;
  const { token, signature } = opaqueToken(name, settings.key);
  const at = sqlTime(attempt.issued_ms);
  const sealed = (table: string): string => seal(session(), `${table}:${signature}`, settings);
  push(batch.code, attempt, signature, at, sealed('code'), pending);
  if (attempt.granted_scope.split('|').includes('openid')) push(batch.oidc, attempt, token, at, sealed('oidc'));
  if (!pending) return;
  const query = new URL(attempt.request_url).searchParams;
  const form = new URLSearchParams({
    code_challenge: query.get('code_challenge') ?? '',
    code_challenge_method: query.get('code_challenge_method') ?? '',
  }).toString();
  push(batch.pkce, attempt, signature, at, sealed('pkce'), form);
}

function addChain(batch: TokenBatch, grant: Grant): void {
  const { attempt } = grant;
  const last = attempt.chain === 'none' ? 0 : attempt.rotations;
  for (let rotation = 0; rotation <= last; rotation += 1) {
    const share = last === 0 ? 0 : rotation / last;
    const atMs = Math.floor(attempt.issued_ms + share * (attempt.last_used_ms - attempt.issued_ms));
    const current = rotation === last && attempt.chain !== 'revoked';
    if (attempt.chain !== 'none') addToken(batch.refresh, 'refresh', grant, rotation, atMs, current);
    // A refresh deletes the access token before it, a revocation the last one too.
    if (current) addToken(batch.access, 'access', grant, rotation, atMs);
  }
}

function addToken<Last>(
  columns: TokenColumns<Last>,
  kind: TokenKind,
  { attempt, settings, session }: Grant,
  rotation: number,
  atMs: number,
  ...last: Last[]
): void {
  const { signature } = opaqueToken({ seed: settings.seed, kind, grant: attempt.n, rotation }, settings.key);
  const text = session({
    accessToken: isoSeconds(atMs + ACCESS_TTL_MS),
    ...(attempt.chain === 'none' ? {} : { refreshToken: isoSeconds(atMs + REFRESH_TTL_MS) }),
  });
  push(columns, attempt, signature, sqlTime(atMs), seal(text, `${kind}:${signature}`, settings), ...last);
}

function sessionFacts(attempt: Attempt, settings: TokenSettings): SessionFacts {
  return {
    issuer: settings.issuer,
    subject: attempt.forced_subject === '' ? attempt.subject : attempt.forced_subject,
    userSubject: attempt.subject,
    clientId: attempt.client_id,
    consentChallenge: attempt.consent_challenge,
    loginSessionId: attempt.session_id,
    authenticatedAt: isoSeconds(attempt.authenticated_ms),
    codeExpiresAt: new Date(attempt.issued_ms + CODE_TTL_MS).toISOString(),
    accessClaims: attempt.access_claims,
    idClaims: attempt.id_claims,
  };
}

/** @param name what is encrypted, unique under one key */
export function seal(session: string, name: string, settings: TokenSettings): string {
  return settings.encryptSessions ? encrypt(session, settings.key, name) : session;
}

/** Without fraction, as Go prints a time truncated to seconds. */
export function isoSeconds(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

/** UTC without a zone, as `timestamp` columns take it, and with microseconds, as Hydra's clock gives them. */
export function sqlTime(ms: number): string {
  const micros = String(1 + ((ms * 31) % 998)).padStart(3, '0');
  return `${new Date(ms).toISOString().slice(0, -1)}${micros}`;
}

function emptyColumns<Last>(): TokenColumns<Last> {
  return { attempt: [], signature: [], requestedAt: [], session: [], last: [] };
}

function push<Last>(
  columns: TokenColumns<Last>,
  attempt: Attempt,
  signature: string,
  requestedAt: string,
  session: string,
  ...last: Last[]
): void {
  columns.attempt.push(attempt.n);
  columns.signature.push(signature);
  columns.requestedAt.push(requestedAt);
  columns.session.push(session);
  columns.last.push(...last);
}
