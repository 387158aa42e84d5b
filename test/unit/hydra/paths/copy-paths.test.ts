import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { scripts } from '../../../../package.json';
import { copyPathOf, sourceTables } from '../../../../hydra/paths';
import { CARRIED_TABLE_NAMES } from '../../../../hydra/paths/copy-path';
import { howToRecord, isRecorded, PATHS } from '../../../../hydra/paths/registry';
import { recordedTables, unknownColumns } from '../../../../hydra/catalog';

describe('a way by a copy', () => {
  it.each(PATHS)('from $from to $to is known with all that is about it', ({ from, to }) => {
    const path = copyPathOf({ blue: from, green: to });
    expect([path.from, path.to]).toEqual([from, to]);
    expect(path.tables.map(({ name }) => name)).toEqual(CARRIED_TABLE_NAMES);
  });

  it.each(PATHS.filter(isRecorded))('from $from to $to has every table that was recorded', ({ from, to }) => {
    const path = copyPathOf({ blue: from, green: to });
    expect(recordedTables(to)).toEqual(expect.arrayContaining([...CARRIED_TABLE_NAMES]));
    expect(unknownColumns(path)).toEqual([]);
    expect(recordedTables(from)).toEqual(expect.arrayContaining([...sourceTables(path)]));
    // Every table of Hydra's on blue is captured but its bookkeeping.
    expect(
      recordedTables(from)
        .filter((table) => table.startsWith('hydra_'))
        .sort(),
    ).toEqual(path.captured.map(({ table }) => table).sort());
  });

  it('is registered wherever there is a folder for it', () => {
    const folders = readdirSync(join(__dirname, '../../../../hydra/paths')).filter((name) => name.includes('-to-'));
    const registered = PATHS.map(({ from, to }) => `${from}-to-${to}`.replaceAll('.', '-'));
    expect(folders.sort()).toEqual([...registered].sort());
  });

  it.each(PATHS)('to $to is recorded by a command that there is', ({ to }) => {
    const [, name = ''] = /npm run ([\w:-]+)/.exec(howToRecord(to)) ?? [];
    expect(Object.keys(scripts)).toContain(name);
  });

  it('names each column that it would leave empty', () => {
    const { to, tables } = copyPathOf({ blue: '1.11.10', green: '2.3.0' });
    const narrow = tables.map((table) => {
      const columns = Object.entries(table.columns).filter(([name]) => name !== 'expires_at');
      return table.name === 'hydra_oauth2_access' ? { ...table, columns: Object.fromEntries(columns) } : table;
    });
    expect(unknownColumns({ to, tables: narrow })).toEqual(['hydra_oauth2_access.expires_at']);
  });

  it('is refused where none leads', () => {
    expect(() => copyPathOf({ blue: '1.11.10', green: '2.2.0' })).toThrow('no way leads from Hydra 1.11.10 to 2.2.0');
  });
});
