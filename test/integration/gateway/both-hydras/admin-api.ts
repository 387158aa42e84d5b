import { CALLBACK, CLIENTS } from './clients';
import { type Edge } from './edge';

/** Each is a whole client but for this. */
const ODD_CLIENTS: Readonly<Record<string, unknown>> = {
  nothing: {},
  'its id': { client_id: 'own-id' },
  'id in use': { client_id: 'app' },
  'short secret': { client_secret: 'x' },
  'redirect with a fragment': { redirect_uris: ['https://app.example/#x'] },
  'redirect without a scheme': { redirect_uris: ['/x'] },
  'jwks and jwks_uri': { jwks: { keys: [] }, jwks_uri: 'https://app.example/keys' },
  'unknown subject type': { subject_type: 'bogus' },
  'unknown way to authenticate': { token_endpoint_auth_method: 'bogus' },
  'unknown userinfo algorithm': { userinfo_signed_response_alg: 'bogus' },
  'logout elsewhere': { redirect_uris: [CALLBACK], post_logout_redirect_uris: ['https://evil.example/bye'] },
  'unknown grant': { grant_types: ['bogus'] },
  'unknown field': { bogus: 1 },
  'number as name': { client_name: 1 },
  'wildcard origin': { allowed_cors_origins: ['*'] },
  'origin with a path': { allowed_cors_origins: ['https://app.example/x'] },
  'sector of others': { subject_type: 'pairwise', sector_identifier_uri: 'http://127.0.0.1:9/' },
  'private key without keys': { token_endpoint_auth_method: 'private_key_jwt' },
  'secret expires': { client_secret_expires_at: 1 },
  metadata: { metadata: { a: [1, null, 'x'] }, contacts: ['a@example'], owner: 'me', policy_uri: 'x' },
  'no JSON object': [],
};

export async function clientApi(edge: Edge): Promise<void> {
  for (const [name, client] of Object.entries(ODD_CLIENTS)) {
    const { json } = await edge.admin(`clients: odd, ${name}`, 'POST', '/clients', { json: client });
    // Its id may be drawn, and the lists below are to be the same on both.
    const id = json['client_id'];
    if (typeof id === 'string' && id !== 'own-id')
      await edge.admin(`clients: delete odd, ${name}`, 'DELETE', `/clients/${id}`);
  }
  await edge.admin('clients: no JSON', 'POST', '/clients', {
    text: '{',
    headers: { 'content-type': 'application/json' },
  });
  await edge.admin('clients: another type', 'POST', '/clients', {
    text: '{"client_id":"typed"}',
    headers: { 'content-type': 'text/plain' },
  });
  await edge.admin('clients: get', 'GET', '/clients/app');
  await edge.admin('clients: get by its new name', 'GET', '/admin/clients/app');
  await edge.admin('clients: HEAD', 'HEAD', '/clients/app');
  await edge.admin('clients: unknown', 'GET', '/clients/nobody');
  await edge.admin('clients: escaped', 'GET', '/clients/a%2Fb');
  await edge.admin('clients: put', 'PUT', '/clients/other', {
    json: { ...CLIENTS['other'], client_id: 'other', client_name: 'Other' },
  });
  await edge.admin('clients: put without secret', 'PUT', '/clients/other', {
    json: { ...CLIENTS['other'], client_id: 'other', client_secret: undefined },
  });
  await edge.admin('clients: put of another id', 'PUT', '/clients/other', { json: { client_id: 'app' } });
  await edge.admin('clients: put unknown', 'PUT', '/clients/nobody', { json: {} });
  const patch = (name: string, json: unknown, id = 'other') =>
    edge.admin(`clients: patch ${name}`, 'PATCH', `/clients/${id}`, { json });
  await patch('name', [{ op: 'replace', path: '/client_name', value: 'Patched' }]);
  await patch('id', [{ op: 'replace', path: '/client_id', value: 'x' }]);
  await patch('secret', [{ op: 'replace', path: '/client_secret', value: 'another-secret' }]);
  await patch('nothing there', [{ op: 'replace', path: '/bogus', value: 1 }]);
  await patch('no patch', {});
  await patch('unknown', [], 'nobody');
  await edge.admin('clients: lifespans', 'PUT', '/clients/other/lifespans', {
    json: { refresh_token_grant_access_token_lifespan: '2h' },
  });
  for (const query of [
    '',
    '?limit=2&offset=0',
    '?limit=2&offset=2',
    '?limit=0',
    '?limit=-1',
    '?limit=x',
    '?limit=100000',
    '?page_size=2',
    '?page_token=bogus',
    '?client_name=Patched',
    '?owner=me',
  ])
    await edge.admin(`clients: list ${query}`, 'GET', `/clients${query}`);
  await edge.admin('clients: delete', 'DELETE', '/clients/own-id');
  await edge.admin('clients: delete again', 'DELETE', '/clients/own-id');
  const { json } = await edge.public('register: make for use', 'POST', '/oauth2/register', {
    json: { client_name: 'Dynamic' },
  });
  const own = `/oauth2/register/${String(json['client_id'])}`;
  const bearer = { authorization: `Bearer ${String(json['registration_access_token'])}` };
  await edge.public('register: with an id', 'POST', '/oauth2/register', { json: { client_id: 'chosen' } });
  await edge.public('register: with a secret', 'POST', '/oauth2/register', {
    json: { client_secret: 'chosen-secret' },
  });
  await edge.public('register: with metadata', 'POST', '/oauth2/register', { json: { metadata: { a: 1 } } });
  await edge.get('register: get', own, { headers: bearer });
  await edge.get('register: get by nobody', own);
  await edge.public('register: put', 'PUT', own, { headers: bearer, json: { client_name: 'New' } });
  await edge.public('register: delete with a wrong token', 'DELETE', own, {
    headers: { authorization: 'Bearer bogus' },
  });
}

export async function keyApi(edge: Edge): Promise<void> {
  await edge.admin('keys: of the tokens', 'GET', '/keys/hydra.openid.id-token');
  await edge.admin('keys: unknown set', 'GET', '/keys/nobody');
  await edge.admin('keys: unknown key', 'GET', '/keys/hydra.openid.id-token/bogus');
  for (const alg of ['ES256', 'ES512', 'EdDSA', 'HS256', 'HS512', 'bogus'])
    await edge.admin(`keys: make ${alg}`, 'POST', `/keys/set-${alg}`, { json: { alg, use: 'sig', kid: 'k' } });
  await edge.admin('keys: make without kid', 'POST', '/keys/made', { json: { alg: 'ES256', use: 'sig' } });
  await edge.admin('keys: make without alg', 'POST', '/keys/made', { json: { use: 'sig' } });
  await edge.admin('keys: no JSON', 'POST', '/keys/made', {
    text: '{',
    headers: { 'content-type': 'application/json' },
  });
  const jwk = { kty: 'oct', use: 'sig', kid: 'own', alg: 'HS256', k: 'c2VjcmV0LW9mLXRoZS10ZXN0' };
  await edge.admin('keys: put set', 'PUT', '/keys/put', { json: { keys: [jwk] } });
  await edge.admin('keys: put key', 'PUT', '/keys/put/own', { json: jwk });
  await edge.admin('keys: get key', 'GET', '/keys/put/own');
  await edge.admin('keys: delete key', 'DELETE', '/keys/put/own');
  await edge.admin('keys: delete set', 'DELETE', '/keys/made');
  await edge.admin('keys: delete unknown set', 'DELETE', '/keys/nobody');
}

export async function sessionApi(edge: Edge): Promise<void> {
  const consents = '/oauth2/auth/sessions/consent';
  const logins = '/oauth2/auth/sessions/login';
  for (const query of [
    '',
    '?subject=',
    '?subject=nobody',
    '?subject=ann',
    '?subject=ann&limit=1',
    '?subject=ann&limit=1&offset=1',
    '?subject=ann&page_size=1',
    '?subject=ann&login_session_id=bogus',
  ])
    await edge.admin(`consents: list ${query}`, 'GET', `${consents}${query}`);
  for (const query of [
    '',
    '?subject=nobody',
    '?client=app',
    '?all=true',
    '?subject=ann',
    '?subject=ann&client=other',
    '?subject=ann&client=nobody',
    '?subject=ann&client=app&all=true',
    '?subject=ann&all=true',
    '?subject=ann&all=true&',
  ])
    await edge.admin(`consents: delete ${query}`, 'DELETE', `${consents}${query}`);
  await edge.admin('consents: list after', 'GET', `${consents}?subject=ann`);
  for (const query of [
    '',
    '?subject=nobody',
    '?subject=ann',
    '?subject=',
    '?sid=',
    '?sid=bogus',
    '?subject=ann&sid=bogus',
  ])
    await edge.admin(`sessions: delete ${query}`, 'DELETE', `${logins}${query}`);
  await edge.admin('tokens: delete of nobody', 'DELETE', '/oauth2/tokens?client_id=nobody');
  await edge.admin('tokens: delete', 'DELETE', '/oauth2/tokens?client_id=machine');
  await edge.admin('tokens: delete of none', 'DELETE', '/oauth2/tokens');
  await edge.admin('flush', 'POST', '/oauth2/flush', { json: {} });
}
