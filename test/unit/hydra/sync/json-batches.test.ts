import { jsonBatches } from '../../../../hydra/sync/json-batches';

const batchesOf = (rows: readonly object[], bytesMax: number) => [...jsonBatches(rows, bytesMax)];

describe('rows that travel as JSON', () => {
  it('come in batches of at most so many bytes, all of them and in their order', () => {
    const rows = Array.from({ length: 200 }, (_, id) => ({ id, text: 'ž"\\\n'.repeat(id % 13) }));
    const batches = batchesOf(rows, 400);
    expect(batches.length).toBeGreaterThan(10);
    expect(batches.flatMap((batch) => JSON.parse(batch) as unknown[])).toEqual(rows);
    // The brackets are no row's.
    for (const batch of batches) expect(Buffer.byteLength(batch)).toBeLessThanOrEqual(401);
    expect(batchesOf(rows, 1_000_000)).toEqual([JSON.stringify(rows)]);
  });

  it('are measured in bytes, not in characters', () => {
    const rows = [{ a: '喫'.repeat(100) }, { a: '喫'.repeat(100) }];
    expect(batchesOf(rows, 500)).toHaveLength(2);
  });

  it('travel alone where one is larger than a batch, and are none where there are none', () => {
    const rows = [{ a: 1 }, { a: 'x'.repeat(500) }, { a: 2 }];
    expect(batchesOf(rows, 100)).toEqual(rows.map((row) => JSON.stringify([row])));
    expect(batchesOf([], 100)).toEqual([]);
  });
});
