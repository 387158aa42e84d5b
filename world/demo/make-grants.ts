import {
  type Grant,
  type OauthClient,
  type OauthHttp,
  adminLoginApp,
  clientCredentials,
  createOauthClient,
  grantTokens,
  refreshTokens,
  revokeToken,
} from '../oauth';

/** Tokens by what ought to be true of them wherever they are asked about. */
export interface MadeGrants {
  readonly subjects: readonly string[];
  readonly live: readonly string[];
  readonly dead: readonly string[];
  readonly count: number;
}

const SUBJECTS = ['ada', 'grace', 'hedy', 'joan', 'radia'] as const;

/** Grants of several users at two clients over the real endpoints; some refreshed, one revoked. */
export async function makeGrants(http: OauthHttp): Promise<MadeGrants> {
  const confidential = await createOauthClient(http, { id: 'demo-web' });
  const mobile = await createOauthClient(http, { id: 'demo-mobile', public: true });
  const live: string[] = [];
  const dead: string[] = [];
  for (const subject of SUBJECTS) {
    const first = await grantAt(http, confidential, subject);
    live.push(...tokensOf(first));
    const second = await grantAt(http, mobile, subject);
    if (subject === 'hedy') {
      await revokeToken(http, mobile, refreshTokenOf(second));
      dead.push(...tokensOf(second));
    } else {
      const next = await refreshTokens(http, mobile, refreshTokenOf(second));
      dead.push(...tokensOf(second));
      live.push(next.accessToken, ...(next.refreshToken === undefined ? [] : [next.refreshToken]));
    }
  }
  live.push((await clientCredentials(http, confidential)).accessToken);
  return { subjects: SUBJECTS, live, dead, count: SUBJECTS.length * 2 };
}

export async function grantAt(http: OauthHttp, client: OauthClient, subject: string): Promise<Grant> {
  return grantTokens(http, { client, loginApp: adminLoginApp(http, { subject, remember: true }) });
}

export function tokensOf(grant: Grant): string[] {
  const { accessToken, refreshToken } = grant.tokens;
  return refreshToken === undefined ? [accessToken] : [accessToken, refreshToken];
}

function refreshTokenOf(grant: Grant): string {
  const { refreshToken } = grant.tokens;
  if (refreshToken === undefined) throw new Error('the grant came without a refresh token');
  return refreshToken;
}
