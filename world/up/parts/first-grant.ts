import { readFileSync } from 'node:fs';
import { CutoverFault, isCutoverFault } from '../../../domain/faults';
import {
  OAUTH_CLIENT_DEFAULTS,
  type OauthClient,
  OauthHttp,
  createOauthClient,
  grantTokens,
  introspectToken,
} from '../../oauth';
import { pageLoginApp } from '../../login-app/page-login-app';
import { type OauthInfo } from '../world-info';
import { type WorldPart, known } from '../world-part';

const CLIENT_ID = 'world';
const SUBJECT = 'world-first-grant';

/** The last part: the world is ready when a whole authorization-code grant went through the real endpoints. */
export const firstGrantPart: WorldPart = {
  title: 'first grant',
  async up(context, info) {
    const { publicUrl, adminUrl, caFile } = known(info, 'gateway');
    const oauth: OauthInfo = { publicUrl, adminUrl, issuer: known(info, 'blue').hydra.issuer, caFile };
    const { url, password } = known(info, 'loginApp');
    const http = worldHttp(oauth);
    try {
      const client = await ensureClient(http, context.settings.secret('client-secret'));
      const loginApp = pageLoginApp({ url, username: SUBJECT, password });
      const grant = await grantTokens(http, { client, loginApp });
      const { active, subject } = await introspectToken(http, grant.tokens.accessToken);
      if (!active || subject !== SUBJECT || grant.tokens.refreshToken === undefined) {
        throw new CutoverFault(
          'HYDRA_UNEXPECTED',
          `the first grant's access token is ${active ? 'active' : 'inactive'} for subject ${subject ?? 'none'}, with ${grant.tokens.refreshToken === undefined ? 'no' : 'a'} refresh token; expected active for ${SUBJECT}, with one`,
        );
      }
      const { id, redirectUri, scope } = client;
      return { oauth, client: { id, secret: context.settings.secret('client-secret'), redirectUri, scope } };
    } finally {
      await http.close();
    }
  },
};

/** HTTP to the world's OAuth endpoints as its ready file names them. */
export function worldHttp(oauth: OauthInfo): OauthHttp {
  const { publicUrl, adminUrl, issuer } = oauth;
  return new OauthHttp({ publicUrl, adminUrl, adminPrefix: '', issuer }, { ca: readFileSync(oauth.caFile, 'utf8') });
}

/** A world that goes on from kept data has the client already. */
async function ensureClient(http: OauthHttp, secret: string): Promise<OauthClient> {
  try {
    return await createOauthClient(http, { id: CLIENT_ID, secret });
  } catch (error) {
    if (!isCutoverFault(error) || error.details['statusCode'] !== 409) throw error;
    return { id: CLIENT_ID, secret, ...OAUTH_CLIENT_DEFAULTS };
  }
}
