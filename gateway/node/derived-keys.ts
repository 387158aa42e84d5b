import { createHash } from 'node:crypto';

/** Keys that Hydra makes of its secrets, the one that writes first. */
export type DerivedKeys = readonly [Buffer, ...Buffer[]];

/** What a gateway may be given keys for. */
export type KeyUse = 'cookies' | 'flows';

/**
 * Keys as Hydra makes them of its secrets. For cookies those of `SECRETS_COOKIE` as they are, or else the first of `SECRETS_SYSTEM`, hashed;
 * for flows all of `SECRETS_SYSTEM`, hashed. A hashed system secret is no less than what Hydra signs tokens and encrypts its keys with:
 * whoever has it can forge tokens. A cookie secret is good for cookies alone.
 *
 * Source: ory/hydra at tags v1.11.10, v2.2.0 and v2.3.0, driver/config (GetCookieSecrets, GetGlobalSecret, GetRotatedGlobalSecrets).
 */
function keysOf(use: KeyUse, environment: NodeJS.ProcessEnv): readonly Buffer[] {
  const system = listed(environment, 'SECRETS_SYSTEM').map((secret) => createHash('sha256').update(secret).digest());
  if (use === 'flows') return system;
  const cookie = listed(environment, 'SECRETS_COOKIE').map((secret) => Buffer.from(secret));
  return cookie.length > 0 ? cookie : system.slice(0, 1);
}

function listed(environment: NodeJS.ProcessEnv, variable: string): readonly string[] {
  return (environment[variable] ?? '').split(',').filter((secret) => secret !== '');
}

/** One line, as the gateway reads it. @returns '' without a secret */
export function keyLine(use: KeyUse, environment: NodeJS.ProcessEnv): string {
  return keysOf(use, environment)
    .map((key) => key.toString('base64url'))
    .join(',');
}

/** Whether these keys are what tokens hang on, too. */
export function signTokens(use: KeyUse, environment: NodeJS.ProcessEnv): boolean {
  return use === 'flows' || listed(environment, 'SECRETS_COOKIE').length === 0;
}

/** A cookie secret is as long as somebody made it; what is hashed has 32 bytes, and no flow can be read with another. */
const FORMS: Readonly<Record<KeyUse, RegExp>> = { cookies: /^[A-Za-z0-9_-]{2,}$/, flows: /^[A-Za-z0-9_-]{43}$/ };

/** @returns undefined when it is no such line */
export function parseKeys(use: KeyUse, line: string): DerivedKeys | undefined {
  const [first, ...others] = line.split(',').map((part) => part.trim());
  if (first === undefined || ![first, ...others].every((part) => FORMS[use].test(part))) return undefined;
  return [Buffer.from(first, 'base64url'), ...others.map((part) => Buffer.from(part, 'base64url'))];
}
