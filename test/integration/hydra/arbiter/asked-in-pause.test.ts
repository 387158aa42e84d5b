import { type Client } from 'pg';
import { queryRows } from '../../../../domain/ports/sql-client';
import { guardTables, installArbiter, lookAtFence } from '../../../../hydra/arbiter';
import { installCapture } from '../../../../hydra/capture';
import { sourceTables } from '../../../../hydra/paths/copy-path';
import { assertNothingPlanted } from '../../../../hydra/planted';
import { useDatabase } from '../../../support/database';
import { PATH } from '../../../support/path';

const database = useDatabase('hydra_1_11_10');
let ours: Client;
beforeAll(async () => void (ours = await database.connect()));

describe('what the pause asks of the catalogs', () => {
  it('is looked up: no question reads all functions or all columns that a server has', async () => {
    await installArbiter(ours, { side: 'blue', cutoverId: 'test', initialState: 'open' });
    await guardTables(ours);
    await installCapture(PATH, ours);
    // What earlier transactions of this session read may not be reported yet.
    const reads = () =>
      queryRows<{ catalog: string; read: number }>(
        ours,
        `SELECT relname::text AS catalog, seq_scan::int AS read FROM pg_stat_xact_sys_tables
          WHERE relid IN ('pg_catalog.pg_proc'::regclass, 'pg_catalog.pg_attribute'::regclass) ORDER BY 1`,
      );
    await ours.query('BEGIN');
    const before = await reads();
    expect(await lookAtFence(ours)).toEqual({ problems: ['this side is open, not committed'], refused: 0 });
    await assertNothingPlanted(ours, { schema: 'public', tables: sourceTables(PATH), isWritten: false }, 'blue');
    expect(await reads()).toEqual(before);
  });
});
