interface Cookie {
  readonly value: string;
  readonly path: string;
  /** Milliseconds since the epoch; Infinity for a session cookie. */
  readonly expiresAt: number;
}

/**
 * The cookies of one browser, by host name. As in browsers, the port does not separate them; unlike there, `Secure` is not
 * looked at, because the world may be used without the gateway that ends TLS.
 * Source: RFC 6265, sections 5.1.4 (paths), 5.2 and 5.3.
 */
export class CookieJar {
  readonly #hosts = new Map<string, Map<string, Cookie>>();

  store(url: URL, setCookie: string | string[] | undefined): void {
    const lines = setCookie === undefined ? [] : Array.isArray(setCookie) ? setCookie : [setCookie];
    const cookies = this.#hosts.get(url.hostname) ?? new Map<string, Cookie>();
    this.#hosts.set(url.hostname, cookies);
    for (const line of lines) {
      const [pair = '', ...attributes] = line.split(';').map((part) => part.trim());
      const equals = pair.indexOf('=');
      if (equals <= 0) continue;
      const name = pair.slice(0, equals);
      const cookie = { value: pair.slice(equals + 1), ...parseAttributes(url, attributes) };
      if (cookie.expiresAt <= Date.now()) cookies.delete(name);
      else cookies.set(name, cookie);
    }
  }

  /** @returns the value of the Cookie header, undefined when there is none to send */
  header(url: URL): string | undefined {
    const cookies = this.#hosts.get(url.hostname) ?? new Map<string, Cookie>();
    const pairs = [...cookies]
      .filter(([, cookie]) => cookie.expiresAt > Date.now() && matchesPath(url.pathname, cookie.path))
      .map(([name, cookie]) => `${name}=${cookie.value}`);
    return pairs.length === 0 ? undefined : pairs.join('; ');
  }

  names(url: URL): string[] {
    return [...(this.#hosts.get(url.hostname)?.keys() ?? [])];
  }
}

function parseAttributes(url: URL, attributes: readonly string[]): { path: string; expiresAt: number } {
  let path = url.pathname.slice(0, Math.max(url.pathname.lastIndexOf('/'), 1));
  let expiresAt = Infinity;
  let maxAgeSeen = false;
  for (const attribute of attributes) {
    const [name = '', value = ''] = splitOnce(attribute);
    if (/^path$/i.test(name) && value.startsWith('/')) path = value;
    if (/^max-age$/i.test(name) && /^-?\d+$/.test(value)) {
      expiresAt = Date.now() + Number(value) * 1_000;
      maxAgeSeen = true;
    }
    if (/^expires$/i.test(name) && !maxAgeSeen) {
      const at = Date.parse(value);
      if (!Number.isNaN(at)) expiresAt = at;
    }
  }
  return { path, expiresAt };
}

function splitOnce(attribute: string): [string, string] {
  const equals = attribute.indexOf('=');
  return equals < 0 ? [attribute, ''] : [attribute.slice(0, equals), attribute.slice(equals + 1)];
}

function matchesPath(requestPath: string, cookiePath: string): boolean {
  if (requestPath === cookiePath) return true;
  return requestPath.startsWith(cookiePath.endsWith('/') ? cookiePath : `${cookiePath}/`);
}
