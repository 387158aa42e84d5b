import { CookieJar } from '../../../../world/oauth';
import { createPkce } from '../../../../world/oauth';
import { CALLBACK } from './clients';
import { type Answer, type Edge } from './edge';

export interface Journey {
  readonly client: string;
  readonly jar?: CookieJar;
  readonly parameters?: Readonly<Record<string, string>>;
  /** What the login app says to the login and to the consent. */
  readonly login?: Readonly<Record<string, unknown>>;
  readonly consent?: Readonly<Record<string, unknown>>;
  /** What it says no with. */
  readonly rejects?: 'login' | 'consent';
}

export interface Arrived {
  readonly jar: CookieJar;
  readonly verifier: string;
  /** Of the address that the client was sent to. */
  readonly parameters: URLSearchParams;
}

export const authorizeTarget = (parameters: Readonly<Record<string, string>>): string =>
  `/oauth2/auth?${new URLSearchParams(parameters).toString()}`;

export const PLAIN = {
  client_id: 'app',
  response_type: 'code',
  scope: 'openid offline',
  redirect_uri: CALLBACK,
  state: 'state-of-the-test',
  nonce: 'nonce-of-the-test',
};

/** From the client over login and consent back to it; each answer on the way is noted. */
export async function travel(edge: Edge, name: string, journey: Journey): Promise<Arrived> {
  const jar = journey.jar ?? new CookieJar();
  const pkce = createPkce();
  let step = 0;
  const next = (what: string) => `${name}: ${(step += 1)} ${what}`;
  const target = authorizeTarget({
    ...PLAIN,
    client_id: journey.client,
    code_challenge: pkce.challenge,
    code_challenge_method: pkce.method,
    ...journey.parameters,
  });
  let answer: Answer = await edge.get(next('authorize'), target, { jar });
  for (let hop = 0; hop < 12; hop += 1) {
    const to = answer.location;
    if (to === undefined) return { jar, verifier: pkce.verifier, parameters: new URLSearchParams() };
    if (to.href.startsWith(CALLBACK))
      return {
        jar,
        verifier: pkce.verifier,
        parameters: new URLSearchParams([...to.searchParams, ...new URLSearchParams(to.hash.slice(1))]),
      };
    const page = (['login', 'consent'] as const).find((one) => to.searchParams.has(`${one}_challenge`));
    if (page === undefined) answer = await edge.follow(next('goes on'), to, { jar });
    else answer = await decide(edge, next, page, to.searchParams.get(`${page}_challenge`) ?? '', journey);
  }
  throw new Error(`${name}: no end`);
}

async function decide(
  edge: Edge,
  next: (what: string) => string,
  page: 'login' | 'consent',
  challenge: string,
  journey: Journey,
): Promise<Answer> {
  const query = new URLSearchParams({ [`${page}_challenge`]: challenge }).toString();
  const { json: asked } = await edge.admin(next(`${page} request`), 'GET', `/oauth2/auth/requests/${page}?${query}`);
  const verdict = journey.rejects === page ? 'reject' : 'accept';
  const said =
    journey.rejects === page
      ? { error: 'access_denied', error_description: 'the user refused' }
      : page === 'login'
        ? { subject: asked['skip'] === true ? asked['subject'] : 'ann', ...journey.login }
        : {
            grant_scope: asked['requested_scope'],
            grant_access_token_audience: asked['requested_access_token_audience'],
            ...journey.consent,
          };
  const { json, status } = await edge.admin(
    next(`${page} ${verdict}`),
    'PUT',
    `/oauth2/auth/requests/${page}/${verdict}?${query}`,
    { json: said },
  );
  const to = json['redirect_to'];
  return { status, json, location: typeof to === 'string' ? new URL(to) : undefined };
}
