import { columnBatches } from '../../../../hydra/sync/column-batches';

const NAMES = ['id', 'text', 'active'];
const batchesOf = (rows: Parameters<typeof columnBatches>[0], bytesMax?: number) => [
  ...columnBatches(rows, NAMES, bytesMax),
];

describe('rows that travel as columns', () => {
  it('are arrays as PostgreSQL reads them, in the order of the names', () => {
    const rows = [
      { text: 'a"b\\c,{d}', id: 7, active: true },
      { text: 'NULL', id: null, active: false },
      { text: null, id: 0, active: null },
    ];
    expect(batchesOf(rows)).toEqual([
      {
        columns: ['{"7",NULL,"0"}', '{"a\\"b\\\\c,{d}","NULL",NULL}', '{"true","false",NULL}'],
        bytes: expect.any(Number) as number,
      },
    ]);
  });

  it('come in batches of at most so many bytes, all of them and in their order', () => {
    const rows = Array.from({ length: 200 }, (_, id) => ({ id, text: 'ž'.repeat(id % 13), active: true }));
    const batches = batchesOf(rows, 400);
    expect(batches.length).toBeGreaterThan(10);
    const ids = batches.flatMap(({ columns: [column = ''] }) => column.slice(1, -1).split(','));
    expect(ids).toEqual(rows.map(({ id }) => `"${id}"`));
    for (const { columns, bytes } of batches) {
      expect(bytes).toBeLessThanOrEqual(400);
      // Each array has two brackets, and one comma less than elements.
      expect(Buffer.byteLength(columns.join(''))).toBe(bytes + NAMES.length);
    }
  });

  it('travel alone where one is larger than a batch, and are none where there are none', () => {
    const rows = ['a', 'x'.repeat(500), 'b'].map((text, id) => ({ id, text, active: null }));
    expect(batchesOf(rows, 100).map(({ columns }) => columns[0])).toEqual(['{"0"}', '{"1"}', '{"2"}']);
    expect(batchesOf([])).toEqual([]);
  });
});
