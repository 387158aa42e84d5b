import { type Edge } from './edge';

/** All that is done with tokens. */
export async function useTokens(
  edge: Edge,
  name: string,
  { access_token: access, refresh_token: refresh, id_token: id }: Readonly<Record<string, unknown>>,
): Promise<void> {
  for (const [kind, value] of Object.entries({ access, refresh, id })) {
    await edge.admin(`introspect: ${kind} ${name}`, 'POST', '/oauth2/introspect', { form: { token: String(value) } });
    await edge.get(`userinfo: ${kind} ${name}`, '/userinfo', { headers: { authorization: `Bearer ${String(value)}` } });
  }
  await edge.admin(`introspect: with scope ${name}`, 'POST', '/oauth2/introspect', {
    form: { token: String(access), scope: 'openid' },
  });
  await edge.admin(`introspect: with more scope ${name}`, 'POST', '/oauth2/introspect', {
    form: { token: String(access), scope: 'profile' },
  });
  await edge.admin(`introspect: wrong hint ${name}`, 'POST', '/oauth2/introspect', {
    form: { token: String(access), token_type_hint: 'refresh_token' },
  });
  await edge.public(`userinfo: form ${name}`, 'POST', '/userinfo', { form: { access_token: String(access) } });
  await edge.get(`userinfo: query ${name}`, `/userinfo?access_token=${String(access)}`);
}
