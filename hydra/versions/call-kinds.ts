import { type CallKind } from '../../domain/callers';

/** Of both listeners; no two versions use one path for different things. The longer ones first. */
const PREFIXES: readonly (readonly [prefix: string, kind: CallKind])[] = [
  ['/oauth2/introspect', 'introspection'],
  ['/oauth2/auth/requests', 'requests'],
  ['/oauth2/auth/sessions', 'sessions'],
  ['/oauth2/auth', 'authorize'],
  ['/oauth2/token', 'token'],
  ['/oauth2/revoke', 'revocation'],
  ['/oauth2/register', 'registration'],
  ['/oauth2/sessions/logout', 'logout'],
  ['/userinfo', 'userinfo'],
  ['/clients', 'clients'],
];

/**
 * @param path of either generation, without a query; escapes are read as Hydra reads them
 * @returns undefined for what is not counted: health, metrics, discovery, keys
 */
export function callKind(path: string): CallKind | undefined {
  const bare = decoded(path)
    .replace(/\/{2,}/g, '/')
    .replace(/^\/admin(?=\/)/, '');
  return PREFIXES.find(([prefix]) => bare === prefix || bare.startsWith(`${prefix}/`))?.[1];
}

function decoded(path: string): string {
  if (!path.includes('%')) return path;
  try {
    return decodeURIComponent(path);
  } catch {
    return path; // no router decodes it either
  }
}
