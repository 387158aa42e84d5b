import { type Client } from 'pg';
import { guardProblems, guardTables, installArbiter, removeArbiter, withLockRetry } from '../../../../hydra/arbiter';
import { useDatabase } from '../../../support/database';
import { silentAfter } from '../../../support/silent-client';

const BLUE = { side: 'blue', cutoverId: 'test', initialState: 'open' } as const;
const TABLE = 'public.hydra_oauth2_refresh';

const database = useDatabase('hydra_1_11_10');
const copy = useDatabase('hydra_1_11_10');
let hydra: Client;
let next: Client;
let elsewhere: Client;

beforeAll(async () => {
  [hydra, next, elsewhere] = [await database.connect(), await database.connect(), await copy.connect()];
});

beforeEach(async () => {
  await removeArbiter(next);
  await installArbiter(next, BLUE);
});

const reads = () => hydra.query(`SELECT count(*) FROM ${TABLE}`);
const writes = () => hydra.query(`UPDATE ${TABLE} SET active = active`);

// Without a limit of the server's the statements of Hydra never end, and neither do these tests.
describe('a worker that stops in the middle, with its connection open', () => {
  it('while it installs a guard, keeps no write of Hydra waiting, and the next one goes on', async () => {
    const worker = silentAfter(await database.connect(), /CREATE TRIGGER[^;]* ON public\.hydra_oauth2_refresh/);
    void guardTables(worker);
    await worker.silent;
    await expect(writes()).resolves.toBeDefined();
    await guardTables(next);
    expect(await guardProblems(next)).toEqual([]);
    await worker.end();
  });

  it('while it removes a guard, keeps no read of Hydra waiting, and the next one goes on', async () => {
    await guardTables(next);
    const worker = silentAfter(await database.connect(), /DROP TRIGGER[^;]* ON public\.hydra_oauth2_refresh/);
    void removeArbiter(worker);
    await worker.silent;
    await expect(reads()).resolves.toBeDefined();
    await removeArbiter(next);
    expect((await next.query(`SELECT 1 FROM pg_trigger WHERE tgname ~ '^hydra_cutover'`)).rows).toEqual([]);
    await worker.end();
  });

  it.each([
    ['a lock that stops writes', 'SHARE ROW EXCLUSIVE', writes],
    ['a lock that stops reads', 'ACCESS EXCLUSIVE', reads],
  ])(
    'between two statements under %s, holds it for seconds only, and the next one gets it',
    async (_, mode, hydras) => {
      const worker = silentAfter(await database.connect(), /LOCK TABLE/);
      const lock = (client: typeof worker | Client) => client.query(`LOCK TABLE ${TABLE} IN ${mode} MODE`);
      void withLockRetry(worker, TABLE, {}, () => lock(worker));
      await worker.silent;
      const waiting = hydras();
      await withLockRetry(next, TABLE, {}, () => lock(next));
      await expect(waiting).resolves.toBeDefined();
      await worker.end();
    },
  );
});

describe('DDL in one message', () => {
  it('gives a table that stays locked up as LOCK_BUSY, with nothing changed', async () => {
    await hydra.query('BEGIN');
    await writes();
    const busy = { lockTimeoutMs: 20, attemptsPerTable: 2, retryDelayMs: 1 };
    const rename = `ALTER TABLE ${TABLE} RENAME TO renamed`;
    const gaveUp = (who: string) => ({
      code: 'LOCK_BUSY',
      message: expect.stringMatching(`it is held by ${who}`) as string,
    });
    const process = 'process \\d+ of role \\w+ \\(its transaction is open for \\d+ s\\); end that, then try again$';
    // A copy of the database: its tables have the same oids, and nobody there is in the way.
    await elsewhere.query(`BEGIN; LOCK TABLE ${TABLE}`);
    await expect(withLockRetry(next, TABLE, busy, rename)).rejects.toMatchObject(gaveUp(process));
    await hydra.query(`PREPARE TRANSACTION 'own lock'`);
    await expect(withLockRetry(next, TABLE, busy, rename)).rejects.toMatchObject(
      gaveUp(`prepared transaction 'own lock' of role`),
    );
    await hydra.query(`ROLLBACK PREPARED 'own lock'`);
    await elsewhere.query('ROLLBACK');
    await expect(reads()).resolves.toBeDefined();
    // The session is in no transaction any more.
    await expect(withLockRetry(next, TABLE, {}, 'SELECT 1 -- the end')).resolves.toBeUndefined();
  });

  it('passes on what the server says, and takes back what came before', async () => {
    const sql = `ALTER TABLE ${TABLE} RENAME TO renamed; SELECT 1/0`;
    await expect(withLockRetry(next, TABLE, {}, sql)).rejects.toMatchObject({ code: '22012' });
    await expect(reads()).resolves.toBeDefined();
  });
});
