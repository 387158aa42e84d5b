import { type ApiGeneration } from '../../hydra/versions';
import { type FeatureHeaders, type HeaderFeature, type ListenerName } from './feature';
import { type Side } from './gateway-state';

/** @returns undefined for what was not made by the other generation, or cannot be carried over: it passes as it is */
export type TranslateCookie = (generation: ApiGeneration, value: string) => string | undefined;

export interface SessionCookiesOptions {
  /** The cookie's name, the same on both sides: `serve.cookies.names.session` of Hydra 2.x, fixed in 1.x. */
  readonly cookieName: string;
  readonly generationOf: (side: Side) => ApiGeneration;
  /** Into the form of that generation. */
  readonly translate: TranslateCookie;
  readonly onTranslated: () => void;
}

/** Where Hydra reads the session cookie. */
const READERS = ['/oauth2/auth', '/oauth2/sessions/logout'];
/** Hydra reads the first of a name. Thousands of them are somebody who wants each to be tried while everybody else waits. */
const TRIED_MAX = 8;

/**
 * Keeps users logged in across the upgrade. Hydra 1.x signs its session cookie; 2.x signs with the same secret but encrypts
 * too, and takes a cookie that is only signed for none at all: everybody would have to log in again, and `prompt=none` would
 * answer `login_required`. So what one generation wrote is put into the form of the other on its way to a side of that one. The session
 * itself stays as it is; a cookie whose signature does not hold, or that is in that form already, passes unchanged.
 */
export class SessionCookies implements HeaderFeature {
  readonly name = 'session-cookies';

  constructor(private readonly options: SessionCookiesOptions) {}

  changesHeaders(listener: ListenerName, target: string): boolean {
    return listener === 'public' && READERS.some((path) => target.startsWith(path));
  }

  onHeaders({ side, headers }: FeatureHeaders): void {
    const generation = this.options.generationOf(side);
    const tries = { left: TRIED_MAX };
    for (let index = 0; index + 1 < headers.length; index += 2) {
      if (headers[index]?.toLowerCase() !== 'cookie') continue;
      headers[index + 1] = this.translateAll(generation, headers[index + 1] as string, tries);
    }
  }

  private translateAll(generation: ApiGeneration, header: string, tries: { left: number }): string {
    const prefix = `${this.options.cookieName}=`;
    return header
      .split(';')
      .map((pair) => {
        const begin = pair.length - pair.trimStart().length;
        if (!pair.startsWith(prefix, begin) || tries.left === 0) return pair;
        tries.left -= 1;
        const translated = this.options.translate(generation, pair.slice(begin + prefix.length).trim());
        if (translated === undefined) return pair;
        this.options.onTranslated();
        return `${pair.slice(0, begin)}${prefix}${translated}`;
      })
      .join(';');
  }
}
