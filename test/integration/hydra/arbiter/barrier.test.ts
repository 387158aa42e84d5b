import { Client } from 'pg';
import { fence, grantArbiter, guardProblems, guardTables, installArbiter } from '../../../../hydra/arbiter';
import { begun } from '../../../support/attempts';
import { OwnCluster } from '../../../support/own-cluster';
import { majorsOfTests } from '../../../support/postgres-major';

const ROLES = ['nobody', 'gateway', 'hydra'] as const;
const BARRIER = 'hydra_cutover_barrier.barrier';
/** Each of them locks what it names in a mode that a writer or a fence would wait for; some ask for the right only afterwards. */
const ATTACKS = [
  `LOCK TABLE ${BARRIER} IN ACCESS SHARE MODE`,
  `LOCK TABLE ${BARRIER} IN ACCESS EXCLUSIVE MODE`,
  `SELECT * FROM ${BARRIER}`,
  `SELECT * FROM ${BARRIER} FOR UPDATE`,
  `CREATE TRIGGER t INSTEAD OF INSERT ON ${BARRIER} FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()`,
  `CREATE RULE r AS ON INSERT TO ${BARRIER} DO INSTEAD NOTHING`,
  `COMMENT ON VIEW ${BARRIER} IS 'x'`,
  `CREATE TEMPORARY VIEW v AS SELECT * FROM ${BARRIER}`,
  `DROP VIEW ${BARRIER}`,
  `ALTER VIEW ${BARRIER} RENAME TO x`,
  `GRANT ALL ON ${BARRIER} TO PUBLIC`,
  `ANALYZE ${BARRIER}`,
];

describe.each(majorsOfTests())('the barrier on PostgreSQL %s', (major) => {
  let cluster: OwnCluster;
  const clients = new Map<string, Client>();
  let ours: Client;
  let hydra: Client;

  async function connect(name: string, user = name, password = 'x'): Promise<Client> {
    const client = new Client({ host: cluster.host, port: cluster.port, user, password, database: 'postgres' });
    clients.set(name, client);
    await client.connect();
    return client;
  }

  function session(name: string): Client {
    const client = clients.get(name);
    if (client === undefined) throw new Error(`no session of ${name}`);
    return client;
  }

  beforeAll(async () => {
    cluster = await OwnCluster.start(major, { tls: false });
    for (const role of ROLES) await cluster.asSuperuser(`CREATE ROLE ${role} LOGIN PASSWORD 'x'`);
    const { user, password } = cluster.master;
    await cluster.asSuperuser(`GRANT hydra TO ${user}; GRANT CREATE ON DATABASE postgres TO ${user}, hydra`);
    await cluster.asSuperuser(`GRANT ALL ON SCHEMA public TO hydra, ${user}`);
    [ours, hydra] = [await connect('ours', user, password), await connect('the writer', 'hydra')];
    await connect('the holder', user, password);
    for (const role of ROLES) await connect(role);
    await hydra.query('CREATE TABLE hydra_jwk (sid text PRIMARY KEY)');
    await installArbiter(ours, { side: 'blue', cutoverId: 'test', initialState: 'open' });
    await guardTables(ours);
    await grantArbiter(ours, 'gateway');
  });
  afterAll(async () => {
    await Promise.all([...clients.values()].map((client) => client.end()));
    await cluster.stop();
  });

  it.each(ROLES)('cannot be locked by role %s, by no statement that names it, while Hydra writes', async (role) => {
    const attacker = session(role);
    // One who got a lock before it is refused would wait for this one.
    await hydra.query(`BEGIN; INSERT INTO hydra_jwk VALUES ('${role}')`);
    for (const sql of ATTACKS) {
      await attacker.query('BEGIN; SET LOCAL lock_timeout = 1');
      await expect(attacker.query(sql)).rejects.toMatchObject({ code: '42501' });
      await attacker.query('ROLLBACK');
    }
    await hydra.query('COMMIT');
  });

  it.each(['nobody', 'gateway'])(
    'is the only lock that matters: role %s locks no table of ours either',
    async (role) => {
      const { rows } = await ours.query<{ name: string }>(
        `SELECT format('%I.%I', n.nspname, c.relname) AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname ^@ 'hydra_cutover' AND c.relkind IN ('r', 'S', 'v')`,
      );
      expect(rows).toContainEqual({ name: 'hydra_cutover.armed' });
      for (const { name } of rows) {
        // Each of them keeps its lock to the end of the transaction, where it is granted one.
        for (const sql of [
          `PREPARE q AS SELECT * FROM ${name}`,
          `CREATE RULE r AS ON INSERT TO ${name} DO INSTEAD NOTHING`,
        ]) {
          await expect(session(role).query(sql)).rejects.toMatchObject({
            code: '42501',
            message: expect.stringMatching(/^permission denied for schema /) as string,
          });
        }
      }
    },
  );

  it('is in no one else’s way: Hydra takes it by the fast path, and VACUUM and ANALYZE never take it', async () => {
    await hydra.query(`BEGIN; INSERT INTO hydra_jwk VALUES ('fast')`);
    const { rows } = await hydra.query(
      `SELECT mode, fastpath FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
        WHERE l.pid = pg_backend_pid() AND c.relname = 'barrier'`,
    );
    expect(rows).toEqual([{ mode: 'RowExclusiveLock', fastpath: true }]);
    await hydra.query('COMMIT');
    const attempt = await begun(ours, 1);
    const holder = session('the holder');
    await holder.query(`BEGIN; SELECT hydra_cutover.hold_writers(1000)`);
    await cluster.asSuperuser('ANALYZE');
    await cluster.asSuperuser('VACUUM');
    await holder.query('ROLLBACK');
    expect(await fence(ours, attempt, 2_000)).toMatchObject({ ok: true });
    await expect(hydra.query(`INSERT INTO hydra_jwk VALUES ('refused')`)).rejects.toMatchObject({ code: 'HC001' });
  });

  it('is a problem once somebody else may use its schema', async () => {
    expect(await guardProblems(ours)).toEqual([]);
    await ours.query('GRANT USAGE ON SCHEMA hydra_cutover_barrier TO gateway');
    expect(await guardProblems(ours)).toEqual(['role gateway may use the barrier, and so stop every write']);
    await ours.query('REVOKE USAGE ON SCHEMA hydra_cutover_barrier FROM gateway');
    await ours.query('GRANT USAGE ON SCHEMA hydra_cutover TO gateway');
    expect(await guardProblems(ours)).toEqual(['role gateway may use schema hydra_cutover, and so stop every write']);
    await ours.query('REVOKE USAGE ON SCHEMA hydra_cutover FROM gateway');
  });
});
