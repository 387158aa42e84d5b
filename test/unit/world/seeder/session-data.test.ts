import { userSession } from '../../../../world/seeder/session-data';

const facts = {
  issuer: 'https://127.0.0.1:9000/',
  subject: 'pseudonym',
  userSubject: 'person',
  clientId: 'web',
  consentChallenge: 'consent',
  loginSessionId: 'session',
  authenticatedAt: '2026-03-01T12:00:00Z',
  codeExpiresAt: '2026-03-01T12:10:00.000Z',
  accessClaims: '{"role":"reader"}',
  idClaims: '{"email":"a@example.com","sid":"forged"}',
};

interface Session {
  readonly id_token: { readonly expires_at: object; readonly id_token_claims: { readonly ext: object } };
}

const parsed = (json: string) => JSON.parse(json) as Session;

describe('userSession', () => {
  it('makes the session of a code without the expiry of tokens that do not exist yet', () => {
    expect(parsed(userSession(facts)()).id_token.expires_at).toEqual({ authorize_code: facts.codeExpiresAt });
  });

  it('adds only the expiry for tokens, and no refresh expiry where there is no refresh token', () => {
    const session = userSession(facts);
    const accessToken = '2026-03-01T13:00:00Z';
    const code = parsed(session());
    const access = parsed(session({ accessToken }));
    expect(access.id_token.expires_at).toEqual({ access_token: accessToken, authorize_code: facts.codeExpiresAt });
    expect({ ...access, id_token: { ...access.id_token, expires_at: code.id_token.expires_at } }).toEqual(code);
    const refreshToken = '2026-03-31T12:00:00Z';
    expect(Object.keys(parsed(session({ accessToken, refreshToken })).id_token.expires_at)).toEqual([
      'access_token',
      'authorize_code',
      'refresh_token',
    ]);
  });

  it('lets no claim replace the id of the login session', () => {
    expect(parsed(userSession(facts)()).id_token.id_token_claims.ext).toEqual({
      email: 'a@example.com',
      sid: 'session',
    });
  });
});
