/**
 * What an OAuth client, its user's browser and an admin do with a Hydra of any version, or with the gateway before two, over
 * the real endpoints. Nothing here knows the world: addresses are parameters.
 *
 *   const http = new OauthHttp({ publicUrl, adminUrl, adminPrefix: '' | '/admin', issuer? },
 *                              { ca?, connections?, forwardedProto?, timeoutMs?, onRequest?(sample) })   // http.close()
 *   const client = await createOauthClient(http, { id?, secret?, public?, redirectUri?, scope? })
 *   const { tokens, authorization } = await grantTokens(http, { client, loginApp, browser?, scope?, parameters? })
 *   loginApp = adminLoginApp(http, { subject, remember?, rememberForS?, grantScope?, session?, reject? })            // or another LoginApp
 *
 *   authorize(http, options) -> Authorization { code, codeVerifier, redirectUri, browser }
 *   exchangeCode(http, client, authorization) -> TokenSet { accessToken, refreshToken?, idToken?, expiresInS }
 *   refreshTokens(http, client, refreshToken) -> TokenSet
 *   clientCredentials(http, client) -> TokenSet
 *   introspectToken(http, token) -> Introspection { active, subject?, clientId?, scope }
 *   revokeToken(http, client, token) -> void
 *   listConsents(http, subject) -> ConsentSession[] { challenge, clientId, scope, remember }
 *   revokeConsents(http, subject, clientId?), revokeLogins(http, subject), deleteOauthClient(http, id) -> void
 *   logout(http, browser, loginApp) -> URL
 *
 * All throw CutoverFault: HYDRA_UNREACHABLE = no complete answer, so what the request did is unknown; HYDRA_UNEXPECTED = an
 * answer that the protocol does not promise, with `details.statusCode` and `details.oauthError`. `onRequest` hears of every
 * single request with operation, duration and status.
 */
export { type Authorization, type AuthorizeOptions, authorize, logout } from './authorize';
export { Browser, redirectTarget } from './browser';
export { type ConsentSession, type ListOptions, listConsents, revokeConsents, revokeLogins } from './consents';
export { CookieJar } from './cookie-jar';
export { type Grant, grantTokens } from './grant';
export { type AdminLoginAppOptions, type LoginApp, adminLoginApp } from './login-app';
export {
  type NewOauthClient,
  OAUTH_CLIENT_DEFAULTS,
  type OauthClient,
  createOauthClient,
  deleteOauthClient,
} from './oauth-client';
export {
  type OauthEndpoints,
  OauthHttp,
  type OauthHttpOptions,
  type OauthRequest,
  type OauthResponse,
  type RequestSample,
} from './oauth-http';
export { type Pkce, createPkce } from './pkce';
export {
  type Introspection,
  type TokenSet,
  clientCredentials,
  exchangeCode,
  introspectToken,
  refreshTokens,
  revokeToken,
} from './tokens';
