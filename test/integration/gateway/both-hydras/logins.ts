import { CookieJar } from '../../../../world/oauth';
import { authorizeTarget, PLAIN, travel } from './browsing';
import { basic, CALLBACK } from './clients';
import { type Edge } from './edge';
import { useTokens } from './use-tokens';

export async function logins(edge: Edge): Promise<void> {
  for (const page of ['login', 'consent', 'logout']) {
    const path = `/oauth2/auth/requests/${page}`;
    for (const [name, query] of Object.entries({
      unknown: `?${page}_challenge=bogus`,
      none: '',
      'by its short name': '?challenge=bogus',
    })) {
      await edge.admin(`${page}: get ${name}`, 'GET', `${path}${query}`);
      for (const verdict of ['accept', 'reject'])
        await edge.admin(`${page}: ${verdict} ${name}`, 'PUT', `${path}/${verdict}${query}`, {
          json: { subject: 'ann' },
        });
    }
  }
  const begin = async (name: string) => {
    const jar = new CookieJar();
    const { location } = await edge.get(`login: begin ${name}`, authorizeTarget(PLAIN), { jar });
    return {
      jar,
      query: `?login_challenge=${encodeURIComponent(location?.searchParams.get('login_challenge') ?? '')}`,
    };
  };
  const path = '/oauth2/auth/requests/login';
  const said = async (name: string, json: unknown) => {
    const { query } = await begin(name);
    return edge.admin(`login: accept ${name}`, 'PUT', `${path}/accept${query}`, { json });
  };
  await said('without subject', {});
  await said('with a negative time', { subject: 'ann', remember: true, remember_for: -1 });
  await said('with an unknown field', { subject: 'ann', bogus: true });
  await said('with a number as subject', { subject: 1 });
  await said('with a list', []);
  const bad = await begin('no JSON');
  await edge.admin('login: accept no JSON', 'PUT', `${path}/accept${bad.query}`, {
    text: '{',
    headers: { 'content-type': 'application/json' },
  });
  const twice = await begin('twice');
  const { json: once } = await edge.admin('login: accept once', 'PUT', `${path}/accept${twice.query}`, {
    json: { subject: 'ann' },
  });
  await edge.admin('login: accept twice', 'PUT', `${path}/accept${twice.query}`, { json: { subject: 'ann' } });
  await edge.admin('login: get after accept', 'GET', `${path}${twice.query}`);
  const to = new URL(String(once['redirect_to']));
  await edge.follow('login: without the cookie', to);
  await edge.follow('login: with the cookie', to, { jar: twice.jar });
  await edge.follow('login: verifier again', to, { jar: twice.jar });
  await edge.admin('login: get after use', 'GET', `${path}${twice.query}`);
  await edge.admin('login: accept after use', 'PUT', `${path}/accept${twice.query}`, { json: { subject: 'ann' } });
}

export async function logouts(edge: Edge): Promise<void> {
  const path = '/oauth2/sessions/logout';
  await edge.get('logout: nobody', path);
  await edge.get('logout: unknown verifier', `${path}?logout_verifier=bogus`);
  await edge.get('logout: bad hint', `${path}?id_token_hint=bogus`);
  await edge.get('logout: redirect without hint', `${path}?post_logout_redirect_uri=https://app.example/bye`);
  await edge.public('logout: POST', 'POST', path, { form: {} });
  const remembered = { remember: true, remember_for: 3_600 };
  const login = async (name: string, client = 'app') => {
    const { jar, parameters, verifier } = await travel(edge, `logout: login ${name}`, {
      client,
      login: remembered,
      consent: remembered,
    });
    const { json } = await edge.public(`logout: token ${name}`, 'POST', '/oauth2/token', {
      headers: basic(client),
      form: {
        grant_type: 'authorization_code',
        code: parameters.get('code') ?? '',
        redirect_uri: CALLBACK,
        code_verifier: verifier,
      },
    });
    return { jar, hint: String(json['id_token']), tokens: json };
  };
  const { jar, hint } = await login('hint');
  await edge.get('logout: hint, without the cookie', `${path}?id_token_hint=${hint}`);
  await edge.get(
    'logout: hint, unregistered redirect',
    `${path}?id_token_hint=${hint}&post_logout_redirect_uri=https://evil.example`,
    { jar },
  );
  const { location } = await edge.get(
    'logout: hint',
    `${path}?id_token_hint=${hint}&post_logout_redirect_uri=https://app.example/bye&state=s`,
    { jar },
  );
  await finish(edge, 'hint', location, jar);
  for (const client of ['app', 'told']) {
    const there = await login(`session of ${client}`, client);
    const { location: asked } = await edge.get(`logout: session of ${client}`, path, { jar: there.jar });
    await finish(edge, `session of ${client}`, asked, there.jar);
    await useTokens(edge, `after the logout of ${client}`, there.tokens);
  }
  const refused = await login('refused');
  const { location: asked } = await edge.get('logout: refused', path, { jar: refused.jar });
  await edge.admin('logout: reject', 'PUT', `/oauth2/auth/requests/logout/reject${asked?.search ?? ''}`, { json: {} });
  await edge.admin('logout: get after reject', 'GET', `/oauth2/auth/requests/logout${asked?.search ?? ''}`);
}

async function finish(edge: Edge, name: string, page: URL | undefined, jar: CookieJar): Promise<void> {
  if (page?.searchParams.has('logout_challenge') !== true) return;
  const path = '/oauth2/auth/requests/logout';
  await edge.admin(`logout: asked ${name}`, 'GET', `${path}${page.search}`);
  const { json } = await edge.admin(`logout: accept ${name}`, 'PUT', `${path}/accept${page.search}`);
  await edge.admin(`logout: accept again ${name}`, 'PUT', `${path}/accept${page.search}`);
  const to = new URL(String(json['redirect_to']));
  await edge.follow(`logout: done ${name}`, to, { jar });
  await edge.follow(`logout: done again ${name}`, to, { jar });
}
