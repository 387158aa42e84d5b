import { z } from 'zod';
import { type Authorization } from './authorize';
import { expectJson, expectStatus } from './expect-json';
import { type OauthClient } from './oauth-client';
import { type OauthHttp } from './oauth-http';

export interface TokenSet {
  readonly accessToken: string;
  /** Only with the scope offline_access. */
  readonly refreshToken: string | undefined;
  readonly idToken: string | undefined;
  readonly expiresInS: number;
}

export interface Introspection {
  readonly active: boolean;
  readonly subject: string | undefined;
  readonly clientId: string | undefined;
  readonly scope: readonly string[];
}

const tokenSchema = z.object({
  access_token: z.string(),
  refresh_token: z.string().optional(),
  id_token: z.string().optional(),
  expires_in: z.number(),
});

const introspectionSchema = z.object({
  active: z.boolean(),
  sub: z.string().optional(),
  client_id: z.string().optional(),
  scope: z.string().optional(),
});

export async function exchangeCode(http: OauthHttp, client: OauthClient, grant: Authorization): Promise<TokenSet> {
  return requestTokens(http, client, 'exchange code', {
    grant_type: 'authorization_code',
    code: grant.code,
    redirect_uri: grant.redirectUri,
    code_verifier: grant.codeVerifier,
  });
}

/** The refresh token is spent by this, answered or not. */
export async function refreshTokens(http: OauthHttp, client: OauthClient, refreshToken: string): Promise<TokenSet> {
  return requestTokens(http, client, 'refresh', { grant_type: 'refresh_token', refresh_token: refreshToken });
}

export async function clientCredentials(http: OauthHttp, client: OauthClient): Promise<TokenSet> {
  return requestTokens(http, client, 'client credentials', { grant_type: 'client_credentials' });
}

/** Access and refresh tokens alike. Hydra answers `active: false` also when its database is out of reach. */
export async function introspectToken(http: OauthHttp, token: string): Promise<Introspection> {
  const url = http.adminUrl('/oauth2/introspect');
  const request = { operation: 'introspect', method: 'POST', url, form: { token } } as const;
  const answer = await expectJson(http, request, 200, introspectionSchema);
  return {
    active: answer.active,
    subject: answer.sub,
    clientId: answer.client_id,
    scope: answer.scope === undefined ? [] : answer.scope.split(' '),
  };
}

/** Ends the whole chain of the token. Answered 200 also for a token that Hydra does not know. */
export async function revokeToken(http: OauthHttp, client: OauthClient, token: string): Promise<void> {
  const { headers, form } = authenticate(client, { token });
  const url = http.publicUrl('/oauth2/revoke');
  await expectStatus(http, { operation: 'revoke', method: 'POST', url, headers, form }, 200);
}

async function requestTokens(
  http: OauthHttp,
  client: OauthClient,
  operation: string,
  parameters: Readonly<Record<string, string>>,
): Promise<TokenSet> {
  const { headers, form } = authenticate(client, parameters);
  const url = http.publicUrl('/oauth2/token');
  const answer = await expectJson(http, { operation, method: 'POST', url, headers, form }, 200, tokenSchema);
  return {
    accessToken: answer.access_token,
    refreshToken: answer.refresh_token,
    idToken: answer.id_token,
    expiresInS: answer.expires_in,
  };
}

/** Source: RFC 6749, section 2.3.1: both parts are form-encoded before they are joined. */
function authenticate(
  client: OauthClient,
  parameters: Readonly<Record<string, string>>,
): { headers: Record<string, string>; form: Record<string, string> } {
  if (client.secret === undefined) return { headers: {}, form: { ...parameters, client_id: client.id } };
  const pair = `${encodeURIComponent(client.id)}:${encodeURIComponent(client.secret)}`;
  return { headers: { authorization: `Basic ${Buffer.from(pair).toString('base64')}` }, form: { ...parameters } };
}
