import { type Authorization, type AuthorizeOptions, authorize } from './authorize';
import { type OauthHttp } from './oauth-http';
import { type TokenSet, exchangeCode } from './tokens';

export interface Grant {
  readonly tokens: TokenSet;
  readonly authorization: Authorization;
}

/** A whole authorization-code grant with PKCE: login, consent, code, tokens. */
export async function grantTokens(http: OauthHttp, options: AuthorizeOptions): Promise<Grant> {
  const authorization = await authorize(http, options);
  return { tokens: await exchangeCode(http, options.client, authorization), authorization };
}
