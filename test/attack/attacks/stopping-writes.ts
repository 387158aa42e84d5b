import { type Client } from 'pg';
import { commitAttempt, guardTables, openSide, removeArbiter } from '../../../hydra/arbiter';
import { removeCapture } from '../../../hydra/capture';
import { fenced } from '../../support/attempts';
import { type Attacker } from '../battlefield';
import { type Attack } from '../attack';
import { type Battle, AttackSucceeded, named, refused } from '../battle';

const WRITE = `INSERT INTO hydra_jwk (sid, kid, version, keydata) VALUES (md5(random()::text), 'k', 0, 'x')`;

/** @throws AttackSucceeded when a write of Hydra waits for somebody, or fails */
async function assertHydraWrites(battle: Battle): Promise<void> {
  const hydra = await battle.as('hydra');
  await hydra.query("SET statement_timeout = '5s'");
  await hydra.query(WRITE).catch((error: Error) => {
    throw new AttackSucceeded(`Hydra's write is stopped: ${error.message}`);
  });
}

/** Locks everything that may be locked by a statement that is refused, or is not, and keeps it. */
async function lockAll(attacker: Client, names: readonly string[]): Promise<void> {
  await attacker.query("BEGIN; SET LOCAL lock_timeout = '50ms'");
  for (const name of names) {
    for (const sql of [
      `LOCK TABLE ${name} IN ACCESS EXCLUSIVE MODE`,
      `LOCK TABLE ${name} IN ACCESS SHARE MODE`,
      `PREPARE q AS SELECT * FROM ${name}`,
      `CREATE RULE r AS ON INSERT TO ${name} DO INSTEAD NOTHING`,
      `CREATE TRIGGER t AFTER INSERT ON ${name} FOR EACH STATEMENT EXECUTE FUNCTION spy.evil_trigger()`,
      `COMMENT ON TABLE ${name} IS 'x'`,
    ]) {
      await attacker.query('SAVEPOINT s');
      await attacker.query(sql).catch(() => attacker.query('ROLLBACK TO SAVEPOINT s'));
    }
  }
}

const everyLock = (as: Attacker): Attack => ({
  title: `every lock on a relation of ours, tried by ${as}`,
  as,
  isInEverySuite: as === 'gateway',
  run: async (battle) => {
    const relations = await battle.ask<{ name: string }>(
      `SELECT format('%I.%I', n.nspname, c.relname) AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname ^@ 'hydra_cutover' AND c.relkind IN ('r', 'v', 'S')`,
    );
    await lockAll(
      await battle.as(as),
      relations.map(({ name }) => name),
    );
    await assertHydraWrites(battle);
    return 'refused: none of them is granted';
  },
});

export const STOPPING_WRITES: readonly Attack[] = [
  everyLock('nobody'),
  everyLock('gateway'),
  {
    title: 'every advisory lock that is seen while Hydra writes',
    as: 'nobody',
    run: async (battle) => {
      const hydra = await battle.as('hydra');
      await hydra.query(`BEGIN; ${WRITE}`);
      const attacker = await battle.as('nobody');
      await attacker.query(`SELECT CASE WHEN objsubid = 2 THEN pg_try_advisory_lock(classid::int, objid::int)
          ELSE pg_try_advisory_lock((classid::bigint << 32) | objid::bigint) END FROM pg_locks WHERE locktype = 'advisory'`);
      await hydra.query('COMMIT');
      await assertHydraWrites(battle);
      return 'not met: no write takes an advisory lock';
    },
  },
  {
    title: 'a transaction that stays open after a claim of an attempt that is fenced',
    as: 'gateway',
    isInEverySuite: true,
    run: async (battle) => {
      await fenced(await battle.ours(), 1);
      const gateway = await battle.as('gateway');
      const other = await battle.as('gateway');
      await gateway.query(`BEGIN; SELECT hydra_cutover_asks.claim_epoch(1, 0, 'gateway')`);
      await other.query('SELECT hydra_cutover_asks.outcome()');
      const locks = await battle.ask<{ mode: string }>(
        `SELECT l.mode FROM pg_locks l JOIN pg_class c ON c.oid = l.relation WHERE c.relname = 'barrier' AND l.granted`,
      );
      if (locks.length > 0) throw new AttackSucceeded(`a gateway's transaction holds the barrier: ${locks[0]?.mode}`);
      await gateway.query('COMMIT');
      await assertHydraWrites(battle);
      return 'refused: the claim holds no lock that a write waits for';
    },
  },
  ...(
    [
      [
        'a table in the schema of Hydra, by a login that may create there',
        'GRANT CREATE ON SCHEMA public TO nobody',
        () => 'CREATE TABLE public.mine (a int)',
      ],
      [
        "a table with the name of one of Hydra's in a schema of one's own, which comes first in one's own search_path",
        'CREATE SCHEMA reports AUTHORIZATION nobody',
        (database: string) =>
          `CREATE TABLE reports.hydra_jwk (a int); ALTER ROLE nobody IN DATABASE ${database} SET search_path = reports, public`,
      ],
    ] as const
  ).map(([title, may, sql]): Attack => ({
    title,
    as: 'nobody',
    isInEverySuite: true,
    run: async (battle) => {
      const green = await battle.withGreen();
      for (const database of [battle.database, green]) {
        await battle.field.cluster.asSuperuser(may, database);
        await (await battle.field.connect(database, 'nobody')).query(sql(database));
      }
      await assertHydraWrites(battle);
      const tool = await battle.ours();
      await guardTables(tool);
      const attempt = await fenced(await battle.ours(), 1);
      await tool.query('UPDATE hydra_cutover.change_log SET done_at = clock_timestamp() WHERE done_at IS NULL');
      const committed = await commitAttempt(tool, attempt, 2_000);
      if (!committed.ok) throw new AttackSucceeded(`a commit is kept away: ${JSON.stringify(committed)}`);
      const onGreen = await battle.field.connectOurs(green);
      await guardTables(onGreen);
      const opened = await openSide(onGreen, 1, 2_000);
      if (!opened.ok) throw new AttackSucceeded(`no side takes a write any more: ${JSON.stringify(opened)}`);
      return 'not met: Hydra writes no table of others, and they write none of its';
    },
  })),
  {
    title: 'a transaction that stays open after a question, while what is ours is removed',
    as: 'gateway',
    isInEverySuite: true,
    run: async (battle) => {
      const gateway = await battle.as('gateway');
      await gateway.query('BEGIN; SELECT hydra_cutover_asks.outcome()');
      const tool = await battle.ours();
      await removeCapture(tool);
      await battle.accept();
      const removal = removeArbiter(tool, { attemptsPerTable: 2, lockTimeoutMs: 50, retryDelayMs: 10 });
      const seen = await removal.then(
        () => 'removed',
        (error: Error) => error.message,
      );
      await battle.accept();
      return named([seen], /hydra_cutover stayed locked .* held by process \d+ of role gateway/);
    },
  },
  {
    title: 'the settings of our sessions, by who owns the database',
    as: 'hydra',
    run: async (battle) => {
      const hydra = await battle.as('hydra');
      for (const set of [
        `search_path = public, pg_catalog`,
        `statement_timeout = '1ms'`,
        `lock_timeout = '1ms'`,
        `default_transaction_read_only = on`,
        `default_transaction_isolation = 'serializable'`,
        `session_replication_role = replica`,
      ])
        await hydra.query(`ALTER DATABASE ${battle.database} SET ${set}`).catch(() => undefined);
      await hydra.query(
        `CREATE FUNCTION public.now() RETURNS timestamptz LANGUAGE sql AS 'SELECT spy.evil()::text::timestamptz'`,
      );
      const tool = await battle.ours();
      const { rows } = await tool.query<{ search_path: string }>('SHOW search_path');
      if (rows[0]?.search_path !== 'pg_catalog, pg_temp')
        throw new AttackSucceeded(`our session has search_path ${rows[0]?.search_path}`);
      await fenced(await battle.ours(), 1);
      await hydra.query(`ALTER DATABASE ${battle.database} RESET ALL`);
      return 'not met: our sessions have their own';
    },
  },
  {
    title: 'a login that may do nothing, with everything it can set for itself',
    as: 'nobody',
    run: async (battle) => {
      const nobody = await battle.as('nobody');
      await refused(nobody, WRITE);
      await nobody.query("ALTER ROLE nobody SET lock_timeout = '1ms'");
      await assertHydraWrites(battle);
      return 'refused: 42501';
    },
  },
];
