import { randomBytes } from 'node:crypto';
import { isCutoverFault } from '../../../domain/faults';
import { type Browser, createPkce, type LoginApp, type OauthHttp, redirectTarget } from '../../oauth';
import { GRANT_SCOPE, type ClientRecord } from '../population/client-record';
import { type Answer, ok, transportReason } from './answer';

export interface WonCode {
  readonly code: string;
  readonly codeVerifier: string;
  readonly redirectUri: string;
  readonly nonce: string;
}

export const LOGIN_STOPS = ['login', 'consent'] as const;
export type LoginStop = (typeof LOGIN_STOPS)[number];

const MAX_HOPS = 20;
const SERVER_ERROR = 500;

/**
 * One login in one browser, from the client's request to its code. It can stop in front of a page and go on much later, as
 * a user does who went away; that is why it is not `authorize` of `world/oauth`, which runs through.
 */
export class LoginWalk {
  private readonly pkce = createPkce();
  private readonly state = randomBytes(12).toString('hex');
  private readonly nonce = randomBytes(12).toString('hex');
  private readonly redirectUri: string;
  private next: URL;
  /** A consent may have been accepted by now, although no answer says so. */
  consentSent = false;

  constructor(
    private readonly http: OauthHttp,
    readonly client: ClientRecord,
    readonly browser: Browser,
    prompt?: 'none',
  ) {
    this.redirectUri = client.redirectUris[0] ?? '';
    this.next = http.publicUrl('/oauth2/auth', {
      client_id: client.id,
      response_type: 'code',
      scope: GRANT_SCOPE,
      redirect_uri: this.redirectUri,
      state: this.state,
      nonce: this.nonce,
      code_challenge: this.pkce.challenge,
      code_challenge_method: this.pkce.method,
      ...(prompt !== undefined && { prompt }),
    });
  }

  /** @param stop ends in front of this page with `undefined`; the next call goes on from there */
  async advance(loginApp: LoginApp, stop?: LoginStop): Promise<Answer<WonCode | undefined>> {
    try {
      return await this.walk(loginApp, stop);
    } catch (error) {
      if (!isCutoverFault(error)) throw error;
      const status = Number(error.details['statusCode'] ?? SERVER_ERROR);
      if (error.code === 'HYDRA_UNREACHABLE') return { kind: 'lost', reason: transportReason(error) };
      return refusal(status, 'at the admin API');
    }
  }

  private async walk(loginApp: LoginApp, stop?: LoginStop): Promise<Answer<WonCode | undefined>> {
    for (let hop = 0; hop < MAX_HOPS; hop++) {
      const ended = this.endAt(this.next);
      if (ended !== undefined) return ended;
      if (stop !== undefined && this.next.searchParams.has(`${stop}_challenge`)) return ok(undefined);
      if (this.next.searchParams.has('consent_challenge')) this.consentSent = true;
      const visited = this.http.isPublic(this.next) ? undefined : await loginApp.visit(this.next, this.browser);
      if (visited !== undefined) {
        this.next = visited;
        continue;
      }
      const response = await this.browser.get('authorize', this.next);
      const target = redirectTarget(this.next, response);
      if (target === undefined) return refusal(response.statusCode, 'instead of a redirect');
      this.next = target;
    }
    return { kind: 'refused', status: 0, reason: 'too many redirects' };
  }

  private endAt(url: URL): Answer<WonCode> | undefined {
    const code = url.searchParams.get('code');
    const error = url.searchParams.get('error');
    const { redirectUri, nonce } = this;
    if (url.href.startsWith(`${redirectUri}?`)) {
      if (code !== null && url.searchParams.get('state') === this.state) {
        return ok({ code, codeVerifier: this.pkce.verifier, redirectUri, nonce });
      }
      // `server_error` and `temporarily_unavailable` are how a 5xx reaches a client over a redirect.
      if (error === 'server_error' || error === 'temporarily_unavailable') return { kind: 'lost', reason: error };
      return { kind: 'refused', status: 303, reason: safeName(error) };
    }
    // The error page: where browsers are sent when the redirect URI cannot be trusted.
    return error === null ? undefined : { kind: 'refused', status: 302, reason: safeName(error) };
  }
}

function refusal(status: number, where: string): Answer<never> {
  const reason = `${status} ${where}`;
  return status >= SERVER_ERROR ? { kind: 'lost', reason } : { kind: 'refused', status, reason };
}

function safeName(error: string | null): string {
  return /^[a-z_]{1,60}$/.test(error ?? '') ? (error ?? '') : 'neither code nor error';
}
