import { authorizeTarget, PLAIN, travel } from './browsing';
import { CALLBACK } from './clients';
import { type Edge } from './edge';

/** Each is the plain request but for this. */
const AUTHORIZATIONS: Readonly<Record<string, Readonly<Record<string, string | undefined>>>> = {
  plain: {},
  'without client': { client_id: undefined },
  'unknown client': { client_id: 'nobody' },
  'another redirect': { redirect_uri: 'https://evil.example/callback' },
  'redirect with a query': { redirect_uri: `${CALLBACK}?more=1` },
  'without redirect, OpenID': { redirect_uri: undefined },
  'without redirect, plain OAuth': { redirect_uri: undefined, scope: 'offline' },
  'without redirect, of two': { client_id: 'two', redirect_uri: undefined, scope: 'offline' },
  'without state': { state: undefined },
  'short state': { state: 'short' },
  'without response type': { response_type: undefined },
  'unknown response type': { response_type: 'bogus' },
  'response type none': { response_type: 'none' },
  'response type that the client has not': { response_type: 'token id_token' },
  implicit: { response_type: 'token' },
  'implicit, id_token': { response_type: 'id_token' },
  hybrid: { response_type: 'code id_token' },
  'client without code': { client_id: 'machine' },
  'unknown scope': { scope: 'openid bogus' },
  'without scope': { scope: undefined },
  'empty scope': { scope: '' },
  'unknown audience': { audience: 'https://bogus.example' },
  'its audience': { audience: 'https://api.example' },
  'prompt none': { prompt: 'none' },
  'prompt login': { prompt: 'login' },
  'prompt consent': { prompt: 'consent' },
  'prompt none login': { prompt: 'none login' },
  'unknown prompt': { prompt: 'bogus' },
  'prompt select_account': { prompt: 'select_account' },
  'prompt registration': { prompt: 'registration' },
  'bad max_age': { max_age: 'x' },
  'max_age 0': { max_age: '0' },
  'negative max_age': { max_age: '-1' },
  'bad hint': { id_token_hint: 'bogus' },
  'bad request object': { request: 'bogus' },
  'unregistered request_uri': { request_uri: 'https://app.example/request' },
  form_post: { response_mode: 'form_post' },
  fragment: { response_mode: 'fragment' },
  'query for implicit': { response_type: 'token', response_mode: 'query' },
  'unknown mode': { response_mode: 'bogus' },
  'unknown challenge method': { code_challenge: 'x'.repeat(43), code_challenge_method: 'bogus' },
  'plain challenge': { code_challenge: 'x'.repeat(43) },
  'public client without challenge': { client_id: 'spa' },
  'public client with a plain challenge': {
    client_id: 'spa',
    code_challenge: 'x'.repeat(43),
    code_challenge_method: 'plain',
  },
  'short nonce': { nonce: 'x' },
  'without nonce': { nonce: undefined },
  'implicit without nonce': { response_type: 'id_token', nonce: undefined },
  'display, locales and acr': { display: 'page', ui_locales: 'de en', acr_values: 'urn:x', login_hint: 'ann@example' },
  'unknown display': { display: 'bogus' },
  claims: { claims: '{"userinfo":{"email":null}}' },
  'bad claims': { claims: '{' },
  registration: { registration: '{}' },
  'unknown login verifier': { login_verifier: 'bogus' },
  'unknown consent verifier': { consent_verifier: 'bogus' },
  'odd characters': { state: 'ž|"{}<>%00 &=+', login_hint: "it's" },
};

export async function authorizations(edge: Edge): Promise<void> {
  for (const [name, parameters] of Object.entries(AUTHORIZATIONS)) {
    const all = Object.entries({ ...PLAIN, ...parameters }).filter(([, value]) => value !== undefined);
    await edge.get(`authorize: ${name}`, authorizeTarget(Object.fromEntries(all)));
  }
  const twice = `${authorizeTarget(PLAIN)}&client_id=other`;
  await edge.get('authorize: two clients', twice);
  await edge.get('authorize: raw bytes', `${authorizeTarget(PLAIN)}&login_hint=%FF`);
  await edge.get('authorize: bad escape', `${authorizeTarget(PLAIN)}&login_hint=%zz`);
  await edge.get('authorize: semicolon', `${authorizeTarget(PLAIN)};a=b`);
  await edge.public('authorize: POST', 'POST', '/oauth2/auth', { form: PLAIN });
  await edge.public('authorize: HEAD', 'HEAD', authorizeTarget(PLAIN));
  await edge.public('authorize: PUT', 'PUT', authorizeTarget(PLAIN));
}

export async function journeys(edge: Edge): Promise<void> {
  await travel(edge, 'journey: login rejected', { client: 'app', rejects: 'login' });
  await travel(edge, 'journey: consent rejected', { client: 'app', rejects: 'consent' });
  await travel(edge, 'journey: implicit', { client: 'app', parameters: { response_type: 'token' } });
  await travel(edge, 'journey: id_token', { client: 'app', parameters: { response_type: 'id_token' } });
  await travel(edge, 'journey: hybrid', { client: 'app', parameters: { response_type: 'code id_token' } });
  await travel(edge, 'journey: pairwise', { client: 'pairwise' });
  const remembered = { remember: true, remember_for: 3_600 };
  const first = await travel(edge, 'journey: remembered', {
    client: 'app',
    login: { ...remembered, acr: 'urn:acr', amr: ['pwd'], context: { from: 'app' } },
    consent: { ...remembered, session: { access_token: { color: 'red' }, id_token: { color: 'blue' } } },
  });
  const { jar } = first;
  await travel(edge, 'journey: again', { client: 'app', jar });
  await travel(edge, 'journey: prompt none with a session', { client: 'app', jar, parameters: { prompt: 'none' } });
  await travel(edge, 'journey: prompt none of another client', {
    client: 'other',
    jar,
    parameters: { prompt: 'none' },
  });
  await travel(edge, 'journey: prompt login with a session', { client: 'app', jar, parameters: { prompt: 'login' } });
  await travel(edge, 'journey: prompt consent with a session', {
    client: 'app',
    jar,
    parameters: { prompt: 'consent' },
  });
  await travel(edge, 'journey: max_age with a session', { client: 'app', jar, parameters: { max_age: '10000' } });
  await travel(edge, 'journey: max_age 0 with a session', { client: 'app', jar, parameters: { max_age: '0' } });
  await travel(edge, 'journey: narrowed consent', { client: 'app', consent: { grant_scope: ['openid'] } });
  await travel(edge, 'journey: wider consent', { client: 'app', consent: { grant_scope: ['openid', 'more'] } });
  // Whether a session that is used again lives longer.
  await travel(edge, 'journey: session extended', {
    client: 'app',
    jar,
    login: { ...remembered, extend_session_lifespan: true },
  });
}
