import { closeOverFlows } from '../../../../hydra/sync/closure';
import { KEYED_TABLES, type NamedKeys, isKeyedTable, keyColumns, namedKeys } from '../../../../hydra/sync/log-keys';
import { readTokens, readWanted } from '../../../../hydra/sync/wanted-rows';
import { PATH } from '../../../support/path';
import { tableOf } from '../../../../hydra/paths/copy-path';

describe('the keys of a table', () => {
  it('are the same to the change log and to green wherever both know it under one name', () => {
    const captured = PATH.captured.filter(({ table }) => isKeyedTable(table));
    expect(captured.map(({ table }) => table).sort()).toEqual([...KEYED_TABLES].sort());
    for (const { table, key } of captured) {
      if (isKeyedTable(table)) expect({ table, key }).toEqual({ table, key: keyColumns(PATH, table) });
    }
  });

  it('are columns that the table has', () => {
    for (const { name, key } of PATH.tables) {
      expect(Object.keys(tableOf(PATH, name).columns)).toEqual(expect.arrayContaining([...key]));
    }
  });

  it('of a log row are taken from what it was and what it is', () => {
    const named = namedKeys(PATH, [
      {
        ...{ id: '1', at: '', kind: 'update', table_name: 'hydra_oauth2_access' },
        old_key: { signature: 'old', request_id: 'r1' },
        new_key: { signature: 'new', request_id: 'r2' },
      },
    ]);
    expect(named.rows.hydra_oauth2_access.values()).toEqual([['old'], ['new']]);
    expect([...named.requests]).toEqual(['r1', 'r2']);
  });
});

describe('the steps of a sync', () => {
  it('do not compile in another order', () => {
    const named = namedKeys(PATH, []);
    const nobody = undefined as never;
    const outOfOrder = [
      // @ts-expect-error tokens are read once the revocations have named theirs
      () => readTokens(nobody, named),
      // @ts-expect-error flows are followed once the tokens have named their consents
      () => closeOverFlows(PATH, nobody, nobody, named),
      // @ts-expect-error rows are read once the tokens are
      () => readWanted(nobody, named, nobody),
      // @ts-expect-error what was only named is not followed
      (): NamedKeys<'closed'> => named,
    ];
    expect(outOfOrder).toHaveLength(4);
  });
});
