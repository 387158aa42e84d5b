import { CookieJar } from './cookie-jar';
import { type OauthHttp, type OauthResponse } from './oauth-http';

/** One user agent: cookies, and requests that send and keep them. Redirects are followed by its user, by hand. */
export class Browser {
  readonly cookies = new CookieJar();
  readonly #http: OauthHttp;

  constructor(http: OauthHttp) {
    this.#http = http;
  }

  async get(operation: string, url: URL): Promise<OauthResponse> {
    return this.#keepCookies(
      url,
      await this.#http.send({ operation, method: 'GET', url, headers: this.#cookieHeader(url) }),
    );
  }

  async post(operation: string, url: URL, form: Readonly<Record<string, string>>): Promise<OauthResponse> {
    return this.#keepCookies(
      url,
      await this.#http.send({ operation, method: 'POST', url, form, headers: this.#cookieHeader(url) }),
    );
  }

  #cookieHeader(url: URL): Record<string, string> {
    const cookie = this.cookies.header(url);
    return cookie === undefined ? {} : { cookie };
  }

  #keepCookies(url: URL, response: OauthResponse): OauthResponse {
    this.cookies.store(url, response.headers['set-cookie']);
    return response;
  }
}

/** @returns where a 302 or 303 leads, undefined for any other answer */
export function redirectTarget(from: URL, response: OauthResponse): URL | undefined {
  const { location } = response.headers;
  if (response.statusCode !== 302 && response.statusCode !== 303) return undefined;
  return typeof location === 'string' ? new URL(location, from) : undefined;
}
