import { travel } from './browsing';
import { basic, CALLBACK, SECRET } from './clients';
import { type Ask, type Edge } from './edge';
import { useTokens } from './use-tokens';

export async function tokens(edge: Edge): Promise<void> {
  const token = (name: string, form: Ask['form'], headers: Record<string, string> = basic('app')) =>
    edge.public(`token: ${name}`, 'POST', '/oauth2/token', { headers, ...(form === undefined ? {} : { form }) });
  const codeOf = async (name: string, client = 'app', parameters = {}) => {
    const { parameters: sent, verifier } = await travel(edge, `code: ${name}`, { client, parameters });
    return {
      grant_type: 'authorization_code',
      code: sent.get('code') ?? '',
      redirect_uri: CALLBACK,
      code_verifier: verifier,
    };
  };
  const good = await codeOf('good');
  const { json: pair } = await token('code', good);
  await useTokens(edge, 'of a code', pair);
  await token('code again', good);
  await useTokens(edge, 'after a code was sent again', pair);
  await token('code of another client', await codeOf('of another'), basic('other'));
  await token('code with another redirect', { ...(await codeOf('redirect')), redirect_uri: `${CALLBACK}/x` });
  const withoutRedirect = without(await codeOf('no redirect'), 'redirect_uri');
  await token('code without redirect', withoutRedirect);
  await token('code with another verifier', { ...(await codeOf('verifier')), code_verifier: 'y'.repeat(43) });
  await token('code with a short verifier', { ...(await codeOf('short verifier')), code_verifier: 'y' });
  const withoutVerifier = without(await codeOf('no verifier'), 'code_verifier');
  await token('code without verifier', withoutVerifier);
  await token('code of nobody', { ...good, code: 'bogus.bogus' });
  await token('code of public client', { ...(await codeOf('public', 'spa')), client_id: 'spa' }, {});
  await token('code of public client with a secret', { ...(await codeOf('public secret', 'spa')) }, basic('spa'));
  await token('code by form', { ...(await codeOf('form', 'post')), client_id: 'post', client_secret: SECRET }, {});
  await token('code of pairwise', await codeOf('pairwise', 'pairwise'), basic('pairwise'));

  const { json: one } = await token('for refresh', await codeOf('for refresh'));
  const refresh = (of: Readonly<Record<string, unknown>>, more: Record<string, string> = {}) => ({
    grant_type: 'refresh_token',
    refresh_token: String(of['refresh_token']),
    ...more,
  });
  const { json: two } = await token('refresh', refresh(one));
  await token('refresh, narrower', refresh(two, { scope: 'openid' }));
  const { json: three } = await token('for refresh, again', await codeOf('for refresh 2'));
  await token('refresh of another client', refresh(three), basic('other'));
  await token('refresh of nobody', refresh({ refresh_token: 'bogus.bogus' }));
  await token('refresh of no token', { grant_type: 'refresh_token' });
  const { json: five } = await token('for refresh, wider', await codeOf('for refresh 3'));
  await token('refresh, wider', refresh(five, { scope: 'openid offline profile' }));
  const { json: six } = await token('for refresh, audience', await codeOf('for refresh 4'));
  await token('refresh with unknown audience', refresh(six, { audience: 'https://bogus.example' }));
  await token('refresh with an access token', refresh({ refresh_token: three['access_token'] }));
  const { json: four } = await token('refresh, for reuse', refresh(three));
  await token('refresh, reused', refresh(three));
  await useTokens(edge, 'after a refresh token was reused', four);
  await token('refresh after reuse', refresh(four));

  await token('machine', { grant_type: 'client_credentials' }, basic('machine'));
  await token(
    'machine with scope and audience',
    { grant_type: 'client_credentials', scope: 'a', audience: 'https://api.example' },
    basic('machine'),
  );
  await token('machine, unknown scope', { grant_type: 'client_credentials', scope: 'bogus' }, basic('machine'));
  await token(
    'machine, unknown audience',
    { grant_type: 'client_credentials', audience: 'https://bogus.example' },
    basic('machine'),
  );
  await token('machine, public', { grant_type: 'client_credentials', client_id: 'spa' }, {});
  await token('machine, offline', { grant_type: 'client_credentials', scope: 'offline openid' }, basic('app'));
  await token('machine, grant that it has not', { grant_type: 'authorization_code', code: 'x' }, basic('machine'));
}

function without(form: Readonly<Record<string, string>>, field: string): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(form).filter(([name]) => name !== field));
}
