import { columnBatches } from '../../../../hydra/sync/column-batches';
import { RowBlock, elementsOf, textsOf, tuplesOf } from '../../../../hydra/sync/row-block';

const NASTY = [
  '',
  'a',
  'a,b',
  '{',
  '}',
  '"',
  '\\',
  '\\"',
  '"\\',
  '\\\\',
  ' ',
  'NULL',
  'null',
  'line\nbreak',
  'ž🙂',
  null,
];

describe('the elements of an array', () => {
  it('are read as PostgreSQL writes them', () => {
    expect(elementsOf('{}')).toEqual([]);
    expect(elementsOf('{a,NULL,b c}')).toEqual(['a', null, 'b c']);
    expect(elementsOf('{"",a,"NULL",NULL,"a,b","{}","\\"","\\\\","\\\\\\"",z}')).toEqual([
      ...['', 'a', 'NULL', null, 'a,b', '{}', '"', '\\', '\\"', 'z'],
    ]);
  });

  it('are the values that were written, whatever these hold', () => {
    const [batch] = columnBatches(
      NASTY.map((text) => ({ text })),
      ['text'],
    );
    expect(elementsOf(batch?.columns[0] ?? '')).toEqual(NASTY);
  });

  it('do not end where no quote closes the last one', () => {
    expect(() => elementsOf('{"a\\"}')).toThrow('does not end');
  });
});

describe('a block of rows', () => {
  const table = { columns: { id: 'text', active: 'boolean', consent: 'text' } } as const;
  const blocks = [new RowBlock(table, ['{a,b}', '{true,false}', '{NULL,"x,y"}'], 20), new RowBlock(table, ['{}'], 0)];

  it('knows the values of a column, and those of several columns row by row', () => {
    expect([...tuplesOf(blocks, ['id', 'active', 'consent'])]).toEqual([
      ['a', 'true', null],
      ['b', 'false', 'x,y'],
    ]);
    expect(textsOf(blocks, 'consent')).toEqual(['x,y']);
  });

  it('has no value of a column that its table does not have', () => {
    expect(textsOf(blocks, 'login_session_id')).toEqual([]);
  });
});
