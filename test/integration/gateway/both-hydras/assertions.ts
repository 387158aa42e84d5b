import { generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { basic, CLIENTS } from './clients';
import { type Ask, type Edge } from './edge';

export async function assertions(edge: Edge): Promise<void> {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'own', use: 'sig', alg: 'RS256' };
  const jwt = (claims: Readonly<Record<string, unknown>>, kid = 'own') => {
    const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const signed = `${part({ alg: 'RS256', kid, typ: 'JWT' })}.${part(claims)}`;
    return `${signed}.${sign('sha256', Buffer.from(signed), privateKey).toString('base64url')}`;
  };
  const nowS = Math.floor(Date.now() / 1_000);
  const audience = `${edge.issuer}oauth2/token`;
  const token = (name: string, ask: Ask) => edge.public(`assertion: ${name}`, 'POST', '/oauth2/token', ask);
  await edge.admin('assertion: client', 'POST', '/clients', {
    json: {
      ...CLIENTS['machine'],
      client_id: 'jwt',
      client_secret: undefined,
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: { keys: [jwk] },
    },
  });
  const form = (assertion: string) => ({
    grant_type: 'client_credentials',
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: assertion,
  });
  const claims = { iss: 'jwt', sub: 'jwt', aud: audience, exp: nowS + 3_600, iat: nowS };
  const good = jwt({ ...claims, jti: randomUUID() });
  await token('good', { form: form(good) });
  await token('again', { form: form(good) });
  await token('expired', { form: form(jwt({ ...claims, exp: nowS - 60, jti: randomUUID() })) });
  await token('another audience', { form: form(jwt({ ...claims, aud: 'https://bogus.example', jti: randomUUID() })) });
  await token('list of audiences', {
    form: form(jwt({ ...claims, aud: [audience, 'https://bogus.example'], jti: randomUUID() })),
  });
  await token('issuer as audience', { form: form(jwt({ ...claims, aud: edge.issuer, jti: randomUUID() })) });
  await token('without jti', { form: form(jwt(claims)) });
  await token('another subject', { form: form(jwt({ ...claims, sub: 'app', jti: randomUUID() })) });
  await token('garbage', { form: form('bogus') });
  await token('another type', { form: { ...form(good), client_assertion_type: 'bogus' } });
  await token('secret instead', { headers: basic('jwt'), form: { grant_type: 'client_credentials' } });
  await token('assertion of a client with a secret', {
    form: form(jwt({ ...claims, iss: 'app', sub: 'app', jti: randomUUID() })),
  });

  const issuers = '/trust/grants/jwt-bearer/issuers';
  const trust = {
    issuer: 'https://issuer.example',
    subject: 'ann',
    scope: ['a'],
    jwk,
    expires_at: '2099-01-01T00:00:00Z',
  };
  const { json: made } = await edge.admin('trust: make', 'POST', issuers, { json: trust });
  await edge.admin('trust: make again', 'POST', issuers, { json: trust });
  await edge.admin('trust: make any subject', 'POST', issuers, {
    json: {
      ...trust,
      issuer: 'https://any.example',
      subject: undefined,
      allow_any_subject: true,
      jwk: { ...jwk, kid: 'any' },
    },
  });
  await edge.admin('trust: without issuer', 'POST', issuers, { json: { ...trust, issuer: undefined } });
  await edge.admin('trust: without key', 'POST', issuers, { json: { ...trust, jwk: undefined } });
  await edge.admin('trust: no JSON', 'POST', issuers, { text: '{', headers: { 'content-type': 'application/json' } });
  await edge.admin('trust: list', 'GET', issuers);
  await edge.admin('trust: list of one', 'GET', `${issuers}?issuer=https://issuer.example`);
  await edge.admin('trust: one', 'GET', `${issuers}/${String(made['id'])}`);
  await edge.admin('trust: unknown', 'GET', `${issuers}/${randomUUID()}`);
  await edge.admin('trust: no id', 'GET', `${issuers}/x`);
  const bearer = (assertion: string, more = {}) => ({
    headers: basic('bearer'),
    form: { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion, ...more },
  });
  const said = {
    iss: 'https://issuer.example',
    sub: 'ann',
    aud: audience,
    exp: nowS + 3_600,
    iat: nowS,
    nbf: nowS - 10,
  };
  const used = jwt({ ...said, jti: randomUUID() });
  await token('bearer', bearer(used, { scope: 'a' }));
  await token('bearer again', bearer(used, { scope: 'a' }));
  await token('bearer without scope', bearer(jwt({ ...said, jti: randomUUID() })));
  await token('bearer, scope beyond the trust', bearer(jwt({ ...said, jti: randomUUID() }), { scope: 'b' }));
  await token('bearer, another subject', bearer(jwt({ ...said, sub: 'bob', jti: randomUUID() })));
  await token('bearer, unknown issuer', bearer(jwt({ ...said, iss: 'https://bogus.example', jti: randomUUID() })));
  const withKey = (kid: string, claims: Readonly<Record<string, unknown>>) =>
    bearer(jwt({ ...claims, jti: randomUUID() }, kid));
  await token(
    'bearer, unknown issuer with the key of one who speaks for all',
    withKey('any', { ...said, iss: 'https://bogus.example' }),
  );
  await token(
    'bearer, another subject with the key of one who speaks for all',
    withKey('any', { ...said, sub: 'bob' }),
  );
  await token('bearer, key of an unknown name', withKey('unknown', said));
  await token('bearer of who speaks for all', withKey('any', { ...said, iss: 'https://any.example', sub: 'bob' }));
  await token('bearer, expired', bearer(jwt({ ...said, exp: nowS - 60, jti: randomUUID() })));
  await token('bearer, too long', bearer(jwt({ ...said, exp: nowS + 40 * 86_400, jti: randomUUID() })));
  await token('bearer without jti', bearer(jwt(said)));
  await token('bearer, garbage', bearer('bogus'));
  await token('bearer, nothing', {
    headers: basic('bearer'),
    form: { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer' },
  });
  await token('bearer of a client without it', {
    ...bearer(jwt({ ...said, jti: randomUUID() })),
    headers: basic('app'),
  });
  await edge.admin('trust: delete', 'DELETE', `${issuers}/${String(made['id'])}`);
  await edge.admin('trust: delete again', 'DELETE', `${issuers}/${String(made['id'])}`);
}
