import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { expectJson, expectStatus } from './expect-json';
import { type OauthHttp } from './oauth-http';

/** A client as its owner knows it. */
export interface OauthClient {
  readonly id: string;
  /** undefined for a public client, which proves itself by PKCE alone. */
  readonly secret: string | undefined;
  readonly redirectUri: string;
  readonly scope: readonly string[];
}

export interface NewOauthClient {
  /** @default a random one */
  readonly id?: string;
  /** @default a random one */
  readonly secret?: string;
  /** Without a secret. @default false */
  readonly public?: boolean;
  /** Never called: authorize() stops when it is redirected there. @default a URL that nothing listens on */
  readonly redirectUri?: string;
  /** @default openid offline_access */
  readonly scope?: readonly string[];
  readonly postLogoutRedirectUris?: readonly string[];
}

/** What a client gets that is asked for nothing else. */
export const OAUTH_CLIENT_DEFAULTS = {
  redirectUri: 'http://127.0.0.1:9/callback',
  scope: ['openid', 'offline_access'],
} as const;

export async function createOauthClient(http: OauthHttp, wanted: NewOauthClient = {}): Promise<OauthClient> {
  const id = wanted.id ?? `client-${randomBytes(6).toString('hex')}`;
  const secret = wanted.public === true ? undefined : (wanted.secret ?? randomBytes(18).toString('base64url'));
  const redirectUri = wanted.redirectUri ?? OAUTH_CLIENT_DEFAULTS.redirectUri;
  const scope = wanted.scope ?? OAUTH_CLIENT_DEFAULTS.scope;
  const body = {
    client_id: id,
    client_name: id,
    ...(secret === undefined ? {} : { client_secret: secret }),
    grant_types: ['authorization_code', 'refresh_token', ...(secret === undefined ? [] : ['client_credentials'])],
    response_types: ['code'],
    scope: scope.join(' '),
    redirect_uris: [redirectUri],
    post_logout_redirect_uris: wanted.postLogoutRedirectUris ?? [],
    token_endpoint_auth_method: secret === undefined ? 'none' : 'client_secret_basic',
  };
  await expectJson(
    http,
    { operation: 'create client', method: 'POST', url: http.adminUrl('/clients'), json: body },
    201,
    z.object({ client_id: z.literal(id) }),
  );
  return { id, secret, redirectUri, scope };
}

export async function deleteOauthClient(http: OauthHttp, id: string): Promise<void> {
  const url = http.adminUrl(`/clients/${encodeURIComponent(id)}`);
  await expectStatus(http, { operation: 'delete client', method: 'DELETE', url }, 204);
}
