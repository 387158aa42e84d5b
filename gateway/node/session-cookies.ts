import { type FeatureHeaders, type HeaderFeature, type ListenerName } from '../core/feature';
import { type CookieKeys, keysOfHydra1, keysOfHydra2, openCookie, sealCookie } from './secure-cookie';

export interface SessionCookiesOptions {
  /** The cookie's name, the same on both sides: `serve.cookies.names.session` of Hydra 2.x, fixed in 1.x. */
  readonly cookieName: string;
  /** Of both sides, in Hydra's order: `secrets.cookie`, or else the hashed first of `secrets.system`. */
  readonly secrets: () => readonly [Buffer, ...Buffer[]];
  readonly onTranslated: () => void;
}

/** Where Hydra reads the session cookie. */
const READERS = ['/oauth2/auth', '/oauth2/sessions/logout'];
/** How gob spells the type of the session id; in bytes that are encrypted it does not occur. */
const GOB_STRING = '\u0006string';

/**
 * Keeps users logged in across the upgrade. Hydra 1.x signs its session cookie; 2.x signs with the same secret but encrypts
 * too, and takes a cookie that is only signed for none at all: everybody would have to log in again, and `prompt=none` would
 * answer `login_required`. So what 1.x wrote is put into the form of 2.x on its way to green. The session itself stays as it
 * is; a cookie whose signature does not hold, or that 2.x wrote, passes unchanged.
 */
export class SessionCookies implements HeaderFeature {
  readonly name = 'session-cookies';
  private known: { readonly secrets: object; readonly read: readonly CookieKeys[]; readonly write: CookieKeys };

  constructor(private readonly options: SessionCookiesOptions) {
    this.known = this.derived();
  }

  changesHeaders(listener: ListenerName, target: string): boolean {
    return listener === 'public' && READERS.some((path) => target.startsWith(path));
  }

  onHeaders({ side, headers }: FeatureHeaders): void {
    if (side !== 'green') return;
    for (let index = 0; index + 1 < headers.length; index += 2) {
      if (headers[index]?.toLowerCase() !== 'cookie') continue;
      headers[index + 1] = this.translateAll(headers[index + 1] as string);
    }
  }

  private translateAll(header: string): string {
    const prefix = `${this.options.cookieName}=`;
    return header
      .split(';')
      .map((pair) => {
        const begin = pair.length - pair.trimStart().length;
        if (!pair.startsWith(prefix, begin)) return pair;
        const translated = this.translate(pair.slice(begin + prefix.length).trim());
        if (translated === undefined) return pair;
        this.options.onTranslated();
        return `${pair.slice(0, begin)}${prefix}${translated}`;
      })
      .join(';');
  }

  /** New ones after a rotation. */
  private get keys() {
    if (this.known.secrets !== this.options.secrets()) this.known = this.derived();
    return this.known;
  }

  private derived() {
    const secrets = this.options.secrets();
    return { secrets, read: keysOfHydra1(secrets), write: keysOfHydra2(secrets) };
  }

  private translate(cookie: string): string | undefined {
    const { cookieName } = this.options;
    for (const keys of this.keys.read) {
      const opened = openCookie(cookieName, cookie, keys);
      if (opened?.value.includes(GOB_STRING)) return sealCookie(cookieName, opened, this.keys.write);
    }
    return undefined;
  }
}
