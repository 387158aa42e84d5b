import { pathOf } from './path-of';

/**
 * Whether a request is a token introspection. Spellings that a lenient router might take for one count too (escapes, doubled
 * slashes, case): taking too many costs a check, taking too few relays a false "inactive".
 */
export function isIntrospection(method: string, target: string): boolean {
  if (method !== 'POST') return false;
  let path = pathOf(target);
  if (path.includes('%')) {
    try {
      path = decodeURIComponent(path);
    } catch {
      return false; // no router decodes it either
    }
  }
  const segments = path
    .toLowerCase()
    .split('/')
    .filter((segment) => segment !== '' && segment !== '.');
  return segments.at(-1) === 'introspect' && segments.at(-2) === 'oauth2';
}

/** What an introspection answer is worth by itself. */
export type IntrospectionAnswer = 'active' | 'other_status' | 'inactive_or_unclear';

/**
 * Only a readable `active: true`, or a status that claims nothing, may be relayed without asking whether the database was
 * there: Hydra answers 200 `active: false` for every token when it is not.
 */
export function judgeIntrospection(status: number, body: string): IntrospectionAnswer {
  if (status !== 200) return 'other_status';
  try {
    const parsed: unknown = JSON.parse(body);
    const active = typeof parsed === 'object' && parsed !== null && 'active' in parsed && parsed.active === true;
    return active ? 'active' : 'inactive_or_unclear';
  } catch {
    return 'inactive_or_unclear';
  }
}
