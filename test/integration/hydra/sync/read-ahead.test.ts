import { type Client } from 'pg';
import { inTurn } from '../../../../activities/answers/in-turn';
import { type SqlClient, queryRows } from '../../../../domain/ports/sql-client';
import { compareSides } from '../../../../hydra/parity';
import { type SyncSides, readBacklog, readRecentKeys, syncRound } from '../../../../hydra/sync';
import { PATH } from '../../../support/path';
import { useDatabase } from '../../../support/database';
import { History } from './history';
import { SyncWorld } from './sync-world';

const database = useDatabase('hydra_1_11_10');
const history = new History(5);
const BATCH_ROWS = 7;
let world: SyncWorld;
let blue: Client;
let sides: SyncSides;

beforeAll(async () => {
  world = new SyncWorld(database.config);
  await world.capture();
  await history.go(await world.connect('blue'), 5);
  await world.snapshot();
});
afterAll(() => world.close());
/** Notes, as they are sent, which session a transaction begins and ends in. */
function noting(notes: string[], side: string, client: SqlClient): SqlClient {
  return {
    query: (text, values) => {
      const verb = /^(BEGIN|COMMIT|ROLLBACK)/.exec(text)?.[1];
      if (verb !== undefined) notes.push(`${side} ${verb}`);
      return client.query(text, values);
    },
  };
}

const noted = (notes: string[]): SyncSides => ({
  ...sides,
  from: noting(notes, 'blue', sides.from),
  to: noting(notes, 'green', sides.to),
});

/** Parts in which no grant was revoked; their snapshots end before they are written. */
const AHEAD = 'blue COMMIT, blue BEGIN, green COMMIT, green BEGIN';

async function expectEqual(): Promise<void> {
  expect(await compareSides(PATH, sides.from, sides.to, { batchRows: 500 })).toMatchObject({ differences: 0 });
  expect(await readBacklog(sides.keeper)).toBe(0);
}

describe('a round that reads ahead', () => {
  beforeEach(async () => {
    blue = await world.connect('blue');
    sides = await world.openSync();
    await history.go(blue, 20);
  });
  afterEach(() => world.disconnect());

  it('reads the next part of the log while the one before it is written', async () => {
    const notes: string[] = [];
    const changes = await readBacklog(sides.keeper);
    expect(await syncRound(noted(notes), { batchRows: BATCH_ROWS })).toMatchObject({ changes });
    expect(notes.join(', ')).toContain(AHEAD);
    expect(notes.filter((note) => note.endsWith('ROLLBACK'))).toEqual([]);
    await expectEqual();
  });

  it('carries each change once, in the order of its number and not of its digits', async () => {
    await syncRound(sides, { batchRows: 500 });
    await blue.query(`DELETE FROM hydra_cutover.change_log`);
    await blue.query(`SELECT setval(pg_get_serial_sequence('hydra_cutover.change_log', 'id'), 4)`);
    const clients = history.clients;
    for (let n = 0; n < 100; n += 1) {
      await blue.query(`UPDATE hydra_client SET client_name = $2 WHERE id = $1`, [
        clients[n % clients.length],
        `name ${n}`,
      ]);
    }
    // By their digits 100 to 104 come before 11, and are past 14, the last of the first ten.
    expect(await syncRound(sides, { batchRows: 10 })).toMatchObject({ changes: 100, backlog: 0 });
    expect(await readRecentKeys(PATH, blue, 1)).toMatchObject({ hydra_client: [{ id: clients[99 % clients.length] }] });
  });

  it('waits for no disk to mark what it has carried, because what a crash takes of that is carried once more', async () => {
    const { keeper } = sides;
    const setting = async () =>
      (await queryRows<{ is: string }>(keeper, `SELECT current_setting('synchronous_commit') AS is`))[0]?.is;
    const marks: unknown[] = [];
    const query: SqlClient['query'] = async (text, values) => {
      if (!text.startsWith('UPDATE hydra_cutover.')) return keeper.query(text, values);
      await keeper.query('BEGIN');
      const marked = await keeper.query(text, values);
      marks.push(await setting());
      await keeper.query('COMMIT');
      return marked;
    };
    await keeper.query('SET synchronous_commit = on');
    await syncRound({ ...sides, keeper: { query } }, { batchRows: 500 });
    expect(marks.length).toBeGreaterThan(0);
    expect(new Set(marks)).toEqual(new Set(['off']));
    expect(await setting()).toBe('on');
    await expectEqual();
  });

  it('does not where blue is marked in the session that reads it', async () => {
    const notes: string[] = [];
    const alone = noted(notes);
    await syncRound({ ...alone, keeper: alone.from, readsAhead: false }, { batchRows: BATCH_ROWS });
    expect(notes.join(', ')).not.toContain(AHEAD);
    await expectEqual();
  });

  it('has no snapshot of blue open while it is held back', async () => {
    const notes: string[] = [];
    const open: number[] = [];
    await syncRound(noted(notes), {
      batchRows: BATCH_ROWS,
      before: () => {
        const of = (verb: string) => notes.filter((note) => note === `blue ${verb}`).length;
        open.push(of('BEGIN') - of('COMMIT') - of('ROLLBACK'));
        return Promise.resolve();
      },
    });
    expect(open.length).toBeGreaterThan(5);
    expect(new Set(open)).toEqual(new Set([0]));
  });

  it('carries nothing of what it read before another one took over', async () => {
    let parts = 0;
    let younger: SyncSides | undefined;
    const round = syncRound(sides, {
      batchRows: BATCH_ROWS,
      // The part after this one is being read.
      before: async () => {
        parts += 1;
        if (parts === 3) younger = await world.openSync();
      },
    });
    await expect(round).rejects.toMatchObject({ name: expect.any(String) as string });
    if (younger === undefined) throw new Error('nobody took over');
    sides = younger;
    await syncRound(sides, { batchRows: 500 });
    await expectEqual();
  });

  it('keeps and marks nothing where a write fails and the COMMIT was sent behind it already', async () => {
    await syncRound(sides, { batchRows: 500 });
    await history.grant(blue);
    const [backlog, rows] = [await readBacklog(sides.keeper), await world.rows('green')];
    const ordered = inTurn(sides.to);
    let commits = 0;
    const failing: SqlClient = {
      isPipelined: true,
      query: (text, values) => {
        commits += text === 'COMMIT' ? 1 : 0;
        const isBroken = text.startsWith('INSERT INTO hydra_oauth2_flow');
        return isBroken ? ordered.query('SELECT 1 / 0') : ordered.query(text, values);
      },
    };
    await expect(syncRound({ ...sides, to: failing }, { batchRows: 500 })).rejects.toThrow('division by zero');
    expect(commits).toBe(1);
    expect(await readBacklog(sides.keeper)).toBe(backlog);
    expect(await world.rows('green')).toEqual(rows);
    await syncRound(sides, { batchRows: 500 });
    await expectEqual();
  });

  it('leaves no transaction open when it is ended', async () => {
    const notes: string[] = [];
    const ended = new AbortController();
    const round = syncRound(noted(notes), {
      batchRows: BATCH_ROWS,
      signal: ended.signal,
      onPart: () => ended.abort(new Error('that is enough')),
    });
    await expect(round).rejects.toThrow('that is enough');
    const of = (side: string, verbs: RegExp) =>
      notes.filter((note) => note.startsWith(side) && verbs.test(note)).length;
    for (const side of ['blue', 'green']) expect(of(side, /COMMIT|ROLLBACK/)).toBe(of(side, /BEGIN/));
    await syncRound(sides, { batchRows: 500 });
    await expectEqual();
  });
});
