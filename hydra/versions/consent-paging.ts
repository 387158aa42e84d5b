import { type ApiGeneration } from './facts';

export interface ConsentPaging {
  /** The largest page that it gives. */
  readonly size: number;
  /** @returns the parameters for the page that begins at `offset` */
  readonly query: (size: number, offset: number) => Readonly<Record<string, string>>;
}

/**
 * How consent sessions are listed in pages, by API generation; each ignores the other's parameters. The Link header is of no use:
 * 2.3.0 swaps two arguments when it makes it, so that its `next` names a page of one row and leaves one out. An offset token of our
 * own is read correctly.
 *
 * Source: github.com/ory/x pagination/tokenpagination at v0.0.675; consent/handler.go of Hydra v2.3.0; seen on 1.11.10 and 2.3.0.
 */
export const CONSENT_PAGING: Readonly<Record<ApiGeneration, ConsentPaging>> = {
  1: { size: 500, query: (size, offset) => ({ limit: String(size), offset: String(offset) }) },
  2: {
    size: 1_000,
    // The first page is asked for without a token: Hydras that page by keys refuse every one that is none of their own.
    query: (size, offset) => ({ page_size: String(size), ...(offset > 0 ? { page_token: offsetToken(offset) } : {}) }),
  },
};

/**
 * Newer Hydras page by keys: they count nothing, and name the next page in a Link header. An answer with a count is one of pages by offset,
 * whose Link is of no use.
 *
 * @returns the query of the next page; undefined when this was the last one, or pages are by offset
 * Source: recorded answers of Hydra 26.2.0 (test/fixtures).
 */
export function nextByKey(headers: Readonly<Record<string, string | string[] | undefined>>): string | undefined {
  if (headers['x-total-count'] !== undefined) return undefined;
  const links = [headers['link'] ?? []].flat().join(',');
  const [, target] = /<([^>]*)>;\s*rel="next"/.exec(links) ?? [];
  return target === undefined ? undefined : new URL(target, 'http://relative.invalid').search.slice(1);
}

/** Newer Hydras leave `challenge` empty, and name a consent by another field. */
function consentIdOf(request: { readonly challenge: string; readonly consent_request_id?: unknown }): string {
  const { challenge, consent_request_id: id } = request;
  return challenge === '' && typeof id === 'string' ? id : challenge;
}

/** @returns an entry of a list of consents with its id where every older Hydra has it; anything else as it is */
export function withConsentId(entry: unknown): unknown {
  const { consent_request: request } = (entry ?? {}) as { readonly consent_request?: unknown };
  if (typeof request !== 'object' || request === null) return entry;
  const { challenge, ...rest } = request as { readonly challenge?: unknown; readonly consent_request_id?: unknown };
  if (typeof challenge !== 'string') return entry;
  return { ...(entry as object), consent_request: { challenge: consentIdOf({ challenge, ...rest }), ...rest } };
}

function offsetToken(offset: number): string {
  return btoa(JSON.stringify({ offset, v: '1' }))
    .replace(/=+$/, '')
    .replaceAll('+', '-')
    .replaceAll('/', '_');
}
