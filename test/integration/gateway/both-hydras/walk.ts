import { clientApi, keyApi, sessionApi } from './admin-api';
import { assertions } from './assertions';
import { authorizations, journeys } from './authorizations';
import { makeClients } from './clients';
import { type Edge } from './edge';
import { logins, logouts } from './logins';
import { longSecrets, preflights, tokenErrors } from './token-errors';
import { tokens } from './tokens';

/** Asks everything that a client, a browser, a login app and an admin ask, the good and the bad. */
export async function walk(edge: Edge): Promise<void> {
  await makeClients(edge);
  await plainPages(edge);
  await authorizations(edge);
  await journeys(edge);
  await tokens(edge);
  await tokenErrors(edge);
  await assertions(edge);
  await logins(edge);
  await logouts(edge);
  await longSecrets(edge);
  await preflights(edge);
  await clientApi(edge);
  await keyApi(edge);
  await sessionApi(edge);
}

async function plainPages(edge: Edge): Promise<void> {
  for (const method of ['GET', 'HEAD', 'POST']) {
    for (const path of ['/.well-known/openid-configuration', '/.well-known/jwks.json'])
      await edge.public(`${method} ${path}`, method, path);
  }
  for (const target of [
    '/',
    '/no/such/page',
    '/oauth2/token',
    '/health/alive',
    '/health/ready',
    '/version',
    '/oauth2',
    '/oauth2/fallbacks/login',
    '/oauth2/fallbacks/consent',
    '/oauth2/fallbacks/error',
    '/oauth2/fallbacks/logout',
    '/oauth2/fallbacks/logout/callback',
    '/userinfo/',
    '/oauth2/auth/',
    '/oauth2//auth',
    '/OAUTH2/AUTH',
  ])
    await edge.get(`public GET ${target}`, target);
  for (const target of [
    '/',
    '/no/such/page',
    '/health/alive',
    '/health/ready',
    '/version',
    '/metrics/prometheus',
    '/oauth2/introspect',
    '/clients/',
    '/keys',
  ])
    await edge.admin(`admin GET ${target}`, 'GET', target);
  for (const method of ['PUT', 'PATCH', 'DELETE']) await edge.public(`${method} token`, method, '/oauth2/token');
}
