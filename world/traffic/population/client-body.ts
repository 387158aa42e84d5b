import { type ClientRecord } from './client-record';

/**
 * What `POST /clients` and `PUT /clients/{id}` are sent: always the whole client, because a PUT replaces it. A secret is
 * only part of it when it is to be set: Hydra keeps the old one otherwise.
 */
export function clientBody(client: ClientRecord, setSecret: boolean): object {
  return {
    client_id: client.id,
    client_name: client.id,
    grant_types: client.grantTypes,
    response_types: client.grantTypes.includes('authorization_code') ? ['code'] : [],
    scope: client.scope,
    redirect_uris: client.redirectUris,
    post_logout_redirect_uris: [POST_LOGOUT_URI],
    token_endpoint_auth_method: client.authMethod,
    subject_type: client.pairwise ? 'pairwise' : 'public',
    ...(client.jwks !== undefined && { jwks: client.jwks, token_endpoint_auth_signing_alg: 'RS256' }),
    ...(setSecret && client.secret !== undefined && { client_secret: client.secret }),
  };
}

/** Nothing listens there: a browser of ours stops when it is sent to it. */
export const POST_LOGOUT_URI = 'https://app.invalid/logged-out';
