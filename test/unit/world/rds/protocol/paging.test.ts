import { page, readPage } from '../../../../../world/rds/protocol/paging';
import { parseQuery } from '../../../../../world/rds/protocol/query-parameters';
import { refusal } from '../refusal';

const entries = Array.from({ length: 45 }, (_, index) => ({ id: `db-${String(index).padStart(2, '0')}` }));

describe('paging', () => {
  it('walks through all entries once, in order, and ends without a marker', () => {
    const seen: string[] = [];
    let marker: string | undefined = '';
    const sizes: number[] = [];
    do {
      const result: ReturnType<typeof page<{ id: string }>> = page(
        [...entries].reverse(),
        readPage(parseQuery(`MaxRecords=20&Marker=${marker}`)),
      );
      seen.push(...result.entries.map((entry) => entry.id));
      sizes.push(result.entries.length);
      marker = result.marker;
    } while (marker !== undefined);
    expect(seen).toEqual(entries.map((entry) => entry.id));
    expect(sizes).toEqual([20, 20, 5]);
  });

  it('neither repeats nor hides entries when the last one shown is deleted between two pages', () => {
    const first = page(entries, { maxRecords: 20, after: undefined });
    const request = readPage(parseQuery(`Marker=${first.marker ?? ''}`));
    const rest = page(
      entries.filter((entry) => entry.id !== 'db-19'),
      request,
    );
    expect(rest.entries[0]?.id).toBe('db-20');
  });

  it('gives no marker when the last page is exactly full', () => {
    expect(page(entries.slice(0, 20), { maxRecords: 20, after: undefined }).marker).toBeUndefined();
  });

  it.each(['MaxRecords=19', 'MaxRecords=101', 'MaxRecords=x', 'MaxRecords=20.5', 'Marker=%21%21', 'Marker=bm9wZQ'])(
    'refuses %s',
    (body) => {
      expect(() => readPage(parseQuery(body))).toThrow(refusal('InvalidParameterValue'));
    },
  );
});
