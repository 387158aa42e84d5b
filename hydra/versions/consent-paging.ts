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
  2: { size: 1_000, query: (size, offset) => ({ page_size: String(size), page_token: offsetToken(offset) }) },
};

function offsetToken(offset: number): string {
  return btoa(JSON.stringify({ offset, v: '1' }))
    .replace(/=+$/, '')
    .replaceAll('+', '-')
    .replaceAll('/', '_');
}
