/** What the sessions of one grant say. Times are ISO-8601 UTC with the precision they are to have in the row. */
export interface SessionFacts {
  readonly issuer: string;
  /** What the client is told as `sub`: a pseudonym for pairwise clients. */
  readonly subject: string;
  readonly userSubject: string;
  readonly clientId: string;
  readonly consentChallenge: string;
  readonly loginSessionId: string;
  readonly authenticatedAt: string;
  readonly codeExpiresAt: string;
  /** JSON objects as the login app gave them. */
  readonly accessClaims: string;
  readonly idClaims: string;
}

export interface TokenExpiry {
  readonly accessToken: string;
  /** Absent when the grant has no refresh token. */
  readonly refreshToken?: string;
}

const NEVER = '0001-01-01T00:00:00Z';
const CODE_EXPIRY = '"authorize_code":';

/**
 * JSON of a user's session, with the keys of 1.11.10 in its order.
 *
 * @returns a function, because the rows of one grant differ only in `expires_at`; without an argument it makes the session of a code
 */
export function userSession(facts: SessionFacts): (expiry?: TokenExpiry) => string {
  const code = JSON.stringify({
    id_token: {
      id_token_claims: {
        jti: '',
        iss: facts.issuer,
        sub: facts.subject,
        aud: [facts.clientId],
        nonce: '',
        exp: NEVER,
        iat: facts.authenticatedAt,
        rat: facts.authenticatedAt,
        auth_time: facts.authenticatedAt,
        at_hash: '',
        acr: '',
        amr: [],
        c_hash: '',
        ext: { ...parseObject(facts.idClaims), sid: facts.loginSessionId },
      },
      headers: { extra: { kid: 'public:hydra.openid.id-token' } },
      expires_at: { authorize_code: facts.codeExpiresAt },
      username: '',
      subject: facts.userSubject,
    },
    extra: parseObject(facts.accessClaims),
    kid: '',
    client_id: facts.clientId,
    consent_challenge: facts.consentChallenge,
    exclude_not_before_claim: false,
    allowed_top_level_claims: [],
  });
  const expiryAt = code.lastIndexOf(CODE_EXPIRY);
  const codeExpiry = `${CODE_EXPIRY}"${facts.codeExpiresAt}"`;
  const [before, after] = [code.slice(0, expiryAt), code.slice(expiryAt + codeExpiry.length)];
  return (expiry) => {
    if (expiry === undefined) return code;
    const refresh = expiry.refreshToken === undefined ? '' : `,"refresh_token":"${expiry.refreshToken}"`;
    return `${before}"access_token":"${expiry.accessToken}",${codeExpiry}${refresh}${after}`;
  };
}

/** JSON of a client's own session (client_credentials): no user, no consent. */
export function machineSession(facts: {
  readonly issuer: string;
  readonly clientId: string;
  readonly issuedAt: string;
  readonly accessExpiresAt: string;
}): string {
  return JSON.stringify({
    id_token: {
      id_token_claims: {
        jti: '',
        iss: facts.issuer,
        sub: '',
        aud: null,
        nonce: '',
        exp: NEVER,
        iat: facts.issuedAt,
        rat: NEVER,
        auth_time: NEVER,
        at_hash: '',
        acr: '',
        amr: null,
        c_hash: '',
        ext: null,
      },
      headers: { extra: null },
      expires_at: { access_token: facts.accessExpiresAt },
      username: '',
      subject: facts.clientId,
    },
    extra: {},
    kid: '',
    client_id: facts.clientId,
    consent_challenge: '',
    exclude_not_before_claim: false,
    allowed_top_level_claims: [],
  });
}

function parseObject(json: string): Record<string, unknown> {
  const value: unknown = JSON.parse(json);
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
