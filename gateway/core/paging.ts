import { adminPath } from '../../hydra/versions';
import { pathOf } from './path-of';

/** Lists of the admin API that 1.x pages by `limit` and `offset`, and 2.x by `page_size` and `page_token`. */
const LISTS: ReadonlySet<string> = new Set([
  '/clients',
  '/oauth2/auth/sessions/consent',
  '/trust/grants/jwt-bearer/issuers',
]);

/** Source: Hydra 1.11.10, `pagination.Parse(r, 100, 0, 500)`. */
const LIMIT_DEFAULT = 100;
const LIMIT_MAX = 500;

/** @returns whether a list is asked for in the way of 1.x */
export function isPagedAs1x(method: string, target: string): boolean {
  if (method !== 'GET') return false;
  const query = target.indexOf('?');
  if (query < 0 || !/[?&](?:limit|offset)=/.test(target)) return false;
  return LISTS.has(pathOf(adminPath(target, 1)));
}

/**
 * Asks 2.x for the same page. Both know whole pages only: an offset within a page begins that page.
 *
 * Source: `Paginate(offset/limit+1, limit)` of Hydra 1.11.10 and `page = offset / itemsPerPage` of ory/x v0.0.675.
 */
export function asPageOf2x(target: string): string {
  const query = target.indexOf('?');
  const parameters = new URLSearchParams(target.slice(query + 1));
  const limit = Math.min(readInteger(parameters.get('limit'), LIMIT_DEFAULT), LIMIT_MAX);
  const offset = readInteger(parameters.get('offset'), 0);
  parameters.delete('limit');
  parameters.delete('offset');
  parameters.set('page_size', String(limit));
  if (offset > 0) parameters.set('page_token', pageToken(offset));
  return `${target.slice(0, query)}?${parameters.toString()}`;
}

/** Source: ory/x v0.0.675, pagination/tokenpagination `Encode`. */
function pageToken(offset: number): string {
  return btoa(`{"offset":"${offset}","v":2}`).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

/** What is no number counts as not given, as in 1.x. */
function readInteger(value: string | null, fallback: number): number {
  return value !== null && /^\d{1,15}$/.test(value) ? Number(value) : fallback;
}
