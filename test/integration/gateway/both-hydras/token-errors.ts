import { basic, CLIENT_ORIGIN, GLOBAL_ORIGIN, SECRET, CLIENTS } from './clients';
import { type Ask, type Edge } from './edge';

/** 2.x does not take them at all: on an upgraded green the client is there, and is refused just so. */
export async function longSecrets(edge: Edge): Promise<void> {
  const secret = 's'.repeat(73);
  const { status } = await edge.admin('clients: make long', 'POST', '/clients', {
    json: { ...CLIENTS['machine'], client_id: 'long', client_secret: secret },
  });
  await edge.public('token: long secret', 'POST', '/oauth2/token', {
    headers: basic('long', secret),
    form: { grant_type: 'client_credentials' },
  });
  if (status === 201) await edge.admin('clients: delete long', 'DELETE', '/clients/long');
}

export async function preflights(edge: Edge): Promise<void> {
  for (const [name, origin] of Object.entries({
    everywhere: GLOBAL_ORIGIN,
    'of a client': CLIENT_ORIGIN,
    'of nobody': 'https://evil.example',
  })) {
    const asks = { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization' };
    await edge.public(`preflight: ${name}`, 'OPTIONS', '/oauth2/token', { headers: asks });
    await edge.public(`origin: ${name}`, 'POST', '/oauth2/token', {
      headers: { origin, ...basic('machine') },
      form: { grant_type: 'client_credentials' },
    });
  }
}

export async function tokenErrors(edge: Edge): Promise<void> {
  const token = (name: string, ask: Ask) => edge.public(`token error: ${name}`, 'POST', '/oauth2/token', ask);
  const grant = { grant_type: 'client_credentials' };
  await token('wrong secret', { headers: basic('app', 'wrong'), form: grant });
  await token('wrong secret by form', { form: { ...grant, client_id: 'post', client_secret: 'wrong' } });
  await token('basic instead of form', { headers: basic('post'), form: grant });
  await token('form instead of basic', { form: { ...grant, client_id: 'app', client_secret: SECRET } });
  await token('both', { headers: basic('app'), form: { ...grant, client_id: 'app', client_secret: SECRET } });
  await token('unknown client', { headers: basic('nobody'), form: grant });
  await token('nobody', { form: grant });
  await token('client alone', { form: { ...grant, client_id: 'app' } });
  await token('secret empty', { headers: basic('app', ''), form: grant });
  await token('not basic', { headers: { authorization: 'Bearer x' }, form: grant });
  await token('basic that is none', { headers: { authorization: 'Basic !!' }, form: grant });
  await token('basic with a bad escape', { headers: { authorization: `Basic ${btoa('app:%zz')}` }, form: grant });
  await token('unknown grant', { headers: basic('app'), form: { grant_type: 'bogus' } });
  await token('grant password', {
    headers: basic('app'),
    form: { grant_type: 'password', username: 'a', password: 'b' },
  });
  await token('grant device', {
    headers: basic('app'),
    form: { grant_type: 'urn:ietf:params:oauth:grant-type:device_code', device_code: 'x' },
  });
  await token('no grant', { headers: basic('app'), form: {} });
  await token('no form', { headers: basic('app') });
  await token('JSON', { headers: basic('app'), json: grant });
  await token('grant twice', {
    headers: basic('app'),
    form: [
      ['grant_type', 'client_credentials'],
      ['grant_type', 'refresh_token'],
    ],
  });
  await token('form without its type', {
    headers: { ...basic('app'), 'content-type': 'text/plain' },
    text: 'grant_type=client_credentials',
  });
  await token('form with a charset', {
    headers: { ...basic('app'), 'content-type': 'application/x-www-form-urlencoded; charset=UTF-8' },
    text: 'grant_type=client_credentials',
  });
  await token('multipart', {
    headers: { ...basic('app'), 'content-type': 'multipart/form-data; boundary=x' },
    text: '--x\r\nContent-Disposition: form-data; name="grant_type"\r\n\r\nclient_credentials\r\n--x--\r\n',
  });
  await token('bad escape', {
    headers: { ...basic('app'), 'content-type': 'application/x-www-form-urlencoded' },
    text: 'grant_type=client_credentials&x=%zz',
  });
  await edge.public('token error: grant in the query', 'POST', '/oauth2/token?grant_type=client_credentials', {
    headers: basic('app'),
    form: {},
  });
  const { json } = await token('a token to revoke', { headers: basic('app'), form: grant });
  const value = String(json['access_token']);
  const revoke = (name: string, ask: Ask) => edge.public(`revoke: ${name}`, 'POST', '/oauth2/revoke', ask);
  await revoke('of another client', { headers: basic('other'), form: { token: value } });
  await revoke('nobody', { form: { token: value } });
  await revoke('wrong secret', { headers: basic('app', 'wrong'), form: { token: value } });
  await revoke('no token', { headers: basic('app'), form: {} });
  await revoke('garbage', { headers: basic('app'), form: { token: 'bogus' } });
  await revoke('garbage with a dot', { headers: basic('app'), form: { token: 'bogus.bogus' } });
  await revoke('unknown hint', { headers: basic('app'), form: { token: value, token_type_hint: 'bogus' } });
  await revoke('again', { headers: basic('app'), form: { token: value } });
  await edge.get('revoke: GET', '/oauth2/revoke');
  for (const [name, headers] of Object.entries<Record<string, string>>({
    nobody: {},
    garbage: { authorization: 'Bearer bogus' },
    basic: basic('app'),
    revoked: { authorization: `Bearer ${value}` },
  }))
    await edge.get(`userinfo: ${name}`, '/userinfo', { headers });
  const { json: machine } = await token('a token without a user', { headers: basic('machine'), form: grant });
  await edge.get('userinfo: of no user', '/userinfo', {
    headers: { authorization: `Bearer ${String(machine['access_token'])}` },
  });
  const introspect = (name: string, ask: Ask) => edge.admin(`introspect: ${name}`, 'POST', '/oauth2/introspect', ask);
  await introspect('garbage', { form: { token: 'bogus' } });
  await introspect('no token', { form: {} });
  await introspect('empty', { form: { token: '' } });
  await introspect('JSON', { json: { token: value } });
  await introspect('without a body', {});
  await introspect('revoked', { form: { token: value } });
}
