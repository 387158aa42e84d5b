import { type QueryParameters } from './query-parameters';
import { invalid, optionalInteger } from './read-parameters';

export interface PageRequest {
  readonly maxRecords: number;
  /** The last name of the page before. */
  readonly after: string | undefined;
}

export interface Page<T> {
  readonly entries: readonly T[];
  /** Absent on the last page. */
  readonly marker: string | undefined;
}

const PREFIX = 'after:';

export function readPage(parameters: QueryParameters): PageRequest {
  const maxRecords = optionalInteger(parameters, 'MaxRecords', { min: 20, max: 100 }) ?? 100;
  const marker = parameters.text('Marker');
  return { maxRecords, after: marker === undefined ? undefined : decodeMarker(marker) };
}

/**
 * One page of `entries` in the order of their ids. The marker names the last entry and not a position, so that entries that
 * come or go between two pages neither repeat nor hide others.
 */
export function page<T extends { readonly id: string }>(entries: readonly T[], request: PageRequest): Page<T> {
  const { after, maxRecords } = request;
  const rest = [...entries]
    .sort((a, b) => (a.id < b.id ? -1 : 1))
    .filter((entry) => after === undefined || entry.id > after);
  const shown = rest.slice(0, maxRecords);
  const last = shown.at(-1);
  return { entries: shown, marker: rest.length > maxRecords && last ? encodeMarker(last.id) : undefined };
}

function encodeMarker(id: string): string {
  return Buffer.from(`${PREFIX}${id}`).toString('base64url');
}

function decodeMarker(marker: string): string {
  const text = /^[\w-]+$/.test(marker) ? Buffer.from(marker, 'base64url').toString('utf8') : '';
  if (!text.startsWith(PREFIX)) throw invalid('Invalid value for Marker.');
  return text.slice(PREFIX.length);
}
