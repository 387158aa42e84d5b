import { copyPathOf, sourceTables } from '../../../../hydra/paths';
import { CARRIED_TABLE_NAMES } from '../../../../hydra/paths/copy-path';
import { PATHS } from '../../../../hydra/paths/registry';
import { recordedTables } from '../../../../hydra/catalog';

describe('a way by a copy', () => {
  it.each(PATHS)('from $from to $to is known with all that is about it', ({ from, to }) => {
    const path = copyPathOf({ blue: from, green: to });
    expect([path.from, path.to]).toEqual([from, to]);
    expect(path.tables.map(({ name }) => name)).toEqual(CARRIED_TABLE_NAMES);
    expect(recordedTables(to)).toEqual(expect.arrayContaining([...CARRIED_TABLE_NAMES]));
    expect(recordedTables(from)).toEqual(expect.arrayContaining([...sourceTables(path)]));
    // Every table of Hydra's on blue is captured but its bookkeeping.
    expect(
      recordedTables(from)
        .filter((table) => table.startsWith('hydra_'))
        .sort(),
    ).toEqual(path.captured.map(({ table }) => table).sort());
  });

  it('is refused where none leads', () => {
    expect(() => copyPathOf({ blue: '1.11.10', green: '2.2.0' })).toThrow('no way leads from Hydra 1.11.10 to 2.2.0');
  });
});
