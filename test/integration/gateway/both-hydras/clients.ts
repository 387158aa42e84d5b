import { type Edge } from './edge';

export const CALLBACK = 'https://app.example/callback';
/** Of applications in browsers: one that everybody may use, and one that the client `spa` allows. */
export const GLOBAL_ORIGIN = 'https://global.example';
export const CLIENT_ORIGIN = 'https://spa.example';
export const SECRET = 'secret-of-the-app';

const WHOLE = {
  client_secret: SECRET,
  grant_types: ['authorization_code', 'refresh_token', 'client_credentials', 'implicit'],
  response_types: ['code', 'id_token', 'token', 'code id_token'],
  scope: 'openid offline offline_access profile',
  redirect_uris: [CALLBACK],
  audience: ['https://api.example'],
};

/** Clients of every kind, by id: what creating each answers is compared too. */
export const CLIENTS: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  app: { ...WHOLE, post_logout_redirect_uris: ['https://app.example/bye'] },
  other: WHOLE,
  post: { ...WHOLE, token_endpoint_auth_method: 'client_secret_post' },
  spa: {
    ...WHOLE,
    client_secret: undefined,
    token_endpoint_auth_method: 'none',
    allowed_cors_origins: [CLIENT_ORIGIN],
  },
  two: { ...WHOLE, redirect_uris: [CALLBACK, 'https://app.example/second'] },
  machine: {
    client_secret: SECRET,
    grant_types: ['client_credentials'],
    scope: 'a b',
    audience: ['https://api.example'],
  },
  bearer: { client_secret: SECRET, grant_types: ['urn:ietf:params:oauth:grant-type:jwt-bearer'], scope: 'a b' },
  pairwise: { ...WHOLE, subject_type: 'pairwise' },
  signed: { ...WHOLE, userinfo_signed_response_alg: 'RS256' },
  told: {
    ...WHOLE,
    frontchannel_logout_uri: 'https://app.example/front',
    backchannel_logout_uri: 'http://127.0.0.1:9/back',
  },
};

export async function makeClients(edge: Edge): Promise<void> {
  for (const [id, client] of Object.entries(CLIENTS))
    await edge.admin(`clients: make ${id}`, 'POST', '/clients', { json: { client_id: id, ...client } });
}

export const basic = (id: string, secret: string = SECRET) => ({
  authorization: `Basic ${Buffer.from(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`).toString('base64')}`,
});
