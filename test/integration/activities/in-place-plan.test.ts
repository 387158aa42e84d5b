import { Client } from 'pg';
import { type InPlaceDeps } from '../../../activities/in-place/deps';
import { layLayer } from '../../../activities/in-place/migrate-online';
import { planInPlace } from '../../../activities/in-place/plan-in-place';
import { takeLayerBack } from '../../../activities/in-place/retire-old';
import { type InPlacePlan } from '../../../domain/in-place/receipts';
import { type Gateway } from '../../../domain/ports/targets';
import { useDatabase } from '../../support/database';
import { inPlaceFixture, stepContext, type InPlaceFixture } from '../../support/in-place';

const live = useDatabase('empty');
const scratch = useDatabase('empty');
const RUN = { cutoverId: 'run-1', environment: 'test' };
let fixture: InPlaceFixture;
let deps: InPlaceDeps;
let admin: Client;
/** The one session of what stands in for the old Hydra. */
let session: Client;
let online: InPlacePlan['online'];

beforeAll(async () => {
  fixture = await inPlaceFixture(live, scratch);
  admin = new Client(live.config);
  // The database may be dropped with its sessions.
  admin.on('error', () => undefined);
  await admin.connect();
  await openSession();
  deps = {
    ...fixture.deps,
    commands: { ...fixture.deps.commands, has: () => true, run: fixture.deps.commands.run.bind(fixture.deps.commands) },
    gateways: [gatewayWith(0)],
    hydra: { ...fixture.deps.hydra, old: oldHydra() },
  };
});

afterAll(async () => {
  await session.end();
  await admin.end();
  await fixture.close();
});

async function openSession(options = ''): Promise<void> {
  session = new Client({ connectionString: `${fixture.dsn(fixture.roles.old)}${options}` });
  // A session that is ended from outside is opened anew, as a pool does.
  session.on('error', () => undefined);
  await session.connect();
}

/** What of the old Hydra the steps see here: it is ready, and reads its table of clients. */
function oldHydra(options = ''): InPlaceDeps['hydra']['old'] {
  const readClients = async () => {
    try {
      await session.query('SELECT count(*) FROM hydra_client');
    } catch {
      await openSession(options);
      await session.query('SELECT count(*) FROM hydra_client');
    }
  };
  const known = { isReady: async () => true, version: async () => 'v1.3.2', readClients };
  return known as unknown as InPlaceDeps['hydra']['old'];
}

function gatewayWith(share: number | undefined): Gateway {
  return {
    name: 'gateway-1',
    state: async () => ({ mode: 'pass', epoch: 0 }),
    read: async () => ({ appliedSide: 'blue' }),
    besideShare: async () => share,
  } as unknown as Gateway;
}

const plan = (changed: Partial<InPlaceDeps> = {}): Promise<InPlacePlan> =>
  planInPlace({ ...deps, ...changed }, RUN, stepContext());

async function withChange<T>(change: string, back: string, work: () => Promise<T>): Promise<T> {
  await admin.query(change);
  try {
    return await work();
  } finally {
    await admin.query(back);
  }
}

it('plans every act of the new version, and warns of nothing where nothing is odd', async () => {
  const made = await plan();
  online = made.online;
  expect(made).toMatchObject({ from: '1.3.2', to: '1.11.10', actsDone: 0, shares: [1, 10, 50, 100], warnings: [] });
  expect(made.online.acts.length).toBeGreaterThan(20);
  expect(made.steps.map(({ phase }) => phase)).toContain('removeLayer');
});

it('refuses what would break one of the two versions, all of it at once', async () => {
  const table = `ALTER TABLE hydra_jwk OWNER TO CURRENT_USER; ALTER TABLE hydra_client ADD COLUMN own text`;
  const back = `ALTER TABLE hydra_jwk OWNER TO ${fixture.roles.old}; ALTER TABLE hydra_client DROP COLUMN own`;
  await withChange(table, back, async () => {
    const refused = plan({ gateways: [gatewayWith(undefined)] });
    await expect(refused).rejects.toMatchObject({ code: 'CHECK_FAILED' });
    const said = await refused.catch((error: Error) => error.message);
    expect(said).toMatch(/gateway gateway-1: knows one Hydra of blue/);
    expect(said).toMatch(/do not belong to .*: hydra_jwk/);
    expect(said).toMatch(/column hydra_client\.own: is a column that no Hydra knows/);
  });
});

it('tells what stays as it is, and what is made anew', async () => {
  await withChange('CREATE TABLE own_audit (id int)', 'DROP TABLE own_audit', async () =>
    expect((await plan()).warnings.join()).toContain("table own_audit: is none of Hydra's"),
  );
  await withChange(
    `CREATE INDEX hydra_oauth2_access_client_id_subject_idx ON hydra_oauth2_access (client_id, subject);
     UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'hydra_oauth2_access_client_id_subject_idx'::regclass`,
    'DROP INDEX hydra_oauth2_access_client_id_subject_idx',
    async () =>
      expect((await plan()).warnings.join()).toMatch(/client_id_subject_idx on hydra_oauth2_access: is INVALID/),
  );
});

it('refuses a column of the new version that somebody made by hand', async () => {
  await withChange(
    `ALTER TABLE hydra_client ADD COLUMN token_endpoint_auth_signing_alg varchar(10) NOT NULL DEFAULT ''`,
    'ALTER TABLE hydra_client DROP COLUMN token_endpoint_auth_signing_alg',
    async () => expect(plan()).rejects.toThrow(/is of Hydra 1\.11\.10, and no run of ours made it/),
  );
});

it('lays nothing below a DSN that leads around the views, and takes back what it laid', async () => {
  const around = `&options=${encodeURIComponent('-c search_path=public')}`;
  const asked = { ...deps, hydra: { ...deps.hydra, old: oldHydra(around) } };
  await expect(layLayer(asked, { ...RUN, plan: online }, stepContext())).rejects.toMatchObject({
    code: 'CHECK_FAILED',
    message: expect.stringContaining('did not go through the views') as string,
  });
  await expect(takeLayerBack(deps, RUN, stepContext())).resolves.toEqual({ stays: false });
  const left = await admin.query(`SELECT 1 FROM pg_namespace WHERE nspname LIKE 'hydra\\_%'`);
  expect(left.rowCount).toBe(0);
});

it('takes a session that has only written a client for one that may look through the views', async () => {
  await layLayer(deps, { ...RUN, plan: online }, stepContext());
  const writer = new Client({ connectionString: fixture.dsn(fixture.roles.old) });
  writer.on('error', () => undefined);
  await writer.connect();
  // Refused for its missing columns; what counts is that nothing was read.
  await expect(writer.query(`INSERT INTO hydra_client (id) VALUES ('other')`)).rejects.toThrow(/null value/);
  await expect(layLayer(deps, { ...RUN, plan: online }, stepContext())).resolves.toMatchObject({ sessions: 2 });
  await expect(takeLayerBack(deps, RUN, stepContext())).resolves.toEqual({ stays: false });
  await writer.end().catch(() => undefined);
});
