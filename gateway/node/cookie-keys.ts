import { createHash } from 'node:crypto';

/** Keys of the session cookies, the one that writes first. */
export type CookieSecrets = readonly [Buffer, ...Buffer[]];

/**
 * The keys that both generations of Hydra make of their secrets for cookies: those of `SECRETS_COOKIE` as they are, or else the first of
 * `SECRETS_SYSTEM`, hashed. Nothing else of the system secret can be had from them, and tokens, keys and flows hang on it.
 *
 * @param environment with Hydra's own variables
 * @returns undefined when it has neither
 */
function cookieKeysOf(environment: NodeJS.ProcessEnv): CookieSecrets | undefined {
  const listed = (variable: string) => (environment[variable] ?? '').split(',').filter((secret) => secret !== '');
  const [first, ...others] = listed('SECRETS_COOKIE').map((secret) => Buffer.from(secret));
  if (first !== undefined) return [first, ...others];
  const [system] = listed('SECRETS_SYSTEM');
  return system === undefined ? undefined : [createHash('sha256').update(system).digest()];
}

/** One line, as the gateway reads it. @returns '' without a secret */
export function cookieKeyLine(environment: NodeJS.ProcessEnv): string {
  return (cookieKeysOf(environment) ?? []).map((key) => key.toString('base64url')).join(',');
}

/** @returns undefined when it is no such line */
export function parseCookieKeys(line: string): CookieSecrets | undefined {
  const [first, ...others] = line.split(',').map((part) => part.trim());
  if (first === undefined || ![first, ...others].every((part) => /^[A-Za-z0-9_-]{2,}$/.test(part))) return undefined;
  return [Buffer.from(first, 'base64url'), ...others.map((part) => Buffer.from(part, 'base64url'))];
}
