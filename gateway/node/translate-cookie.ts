import { type ApiGeneration } from '../../hydra/versions';
import { type TranslateCookie } from '../core/session-cookies';
import { type CookieKeys, keysOfHydra1, keysOfHydra2, openCookie, sealCookie } from './secure-cookie';

type Secrets = readonly [Buffer, ...Buffer[]];

/** What each generation reads with, and the first of it is what it writes with. */
interface Keys {
  readonly secrets: Secrets;
  readonly of: Readonly<Record<1 | 2, readonly CookieKeys[]>>;
}

/** How gob spells the type of the session id; in bytes that are encrypted it does not occur. */
const GOB_STRING = '\u0006string';

/** @param secrets of both sides, in Hydra's order: `secrets.cookie`, or else the hashed first of `secrets.system`; others after a rotation */
export function cookieTranslator(cookieName: string, secrets: () => Secrets): TranslateCookie {
  let known = derived(secrets());
  return (generation, cookie) => {
    if (known.secrets !== secrets()) known = derived(secrets());
    const [write] = known.of[generation];
    if (write === undefined) return undefined;
    for (const keys of known.of[generation === 1 ? 2 : 1]) {
      const opened = openCookie(cookieName, cookie, keys);
      if (opened?.value.includes(GOB_STRING)) return sealCookie(cookieName, opened, write);
    }
    return undefined;
  };
}

/** @returns whether a Hydra of that generation with these secrets has made this cookie */
export function opensCookie(secrets: Secrets, generation: ApiGeneration, name: string, value: string): boolean {
  return derived(secrets).of[generation].some((keys) => openCookie(name, value, keys) !== undefined);
}

function derived(secrets: Secrets): Keys {
  const of2 = secrets.map((secret) => keysOfHydra2([secret]));
  return { secrets, of: { 1: keysOfHydra1(secrets), 2: of2 } };
}
