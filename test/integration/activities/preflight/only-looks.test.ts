import { type Client } from 'pg';
import { OUR_ROLES } from '../../../../domain/our-roles';
import { type CutoverSettings } from '../../../../domain/settings';
import { installArbiter, letLook, removeArbiter } from '../../../../hydra/arbiter';
import { useDatabase } from '../../../support/database';
import { PreflightFixture } from './preflight-fixture';

// Before the database goes: roles that own something in it cannot be dropped.
afterAll(() => world.close());
const database = useDatabase('hydra_1_11_10');
const world = new PreflightFixture(database);

let client: Client;
beforeAll(async () => {
  await world.open();
  // As docs/limits.md asks for until PostgreSQL 14; from 15 on it is so by itself.
  await world.admin(`REVOKE CREATE ON SCHEMA public FROM PUBLIC; GRANT CREATE ON SCHEMA public TO ${world.owner}`);
  client = await database.connect();
});

it('makes the same plan where a role looks that may only look', async () => {
  const [ours, looking] = [await world.look(), await world.look(world.looking())];
  const expected = { ...ours.plan, blue: { ...ours.plan?.blue, databaseBytes: expect.any(Number) as number } };
  expect({ plan: looking.plan, fault: looking.fault }).toEqual({ plan: expected, fault: undefined });
});

it('makes the same plan for a schema whose name has to be quoted', async () => {
  const { plan: before } = await world.look();
  await world.admin('ALTER SCHEMA public RENAME TO "Own Name"; CREATE SCHEMA public');
  await world.admin('GRANT CREATE ON SCHEMA "Own Name" TO PUBLIC');
  const { plan, text } = await world.look({ settings: (s) => ({ ...s, hydraSchema: 'Own Name' }) });
  await world.admin('REVOKE CREATE ON SCHEMA "Own Name" FROM PUBLIC');
  await world.admin('DROP SCHEMA public; ALTER SCHEMA "Own Name" RENAME TO public');
  expect(plan === undefined ? text : plan.blue.rows).toEqual(before?.blue.rows);
  // Hydra first gets by itself what it may have by PUBLIC alone.
  const both = `GRANT USAGE, CREATE ON SCHEMA "Own Name" TO ${world.owner}; REVOKE CREATE ON SCHEMA "Own Name" FROM PUBLIC`;
  expect(plan?.warnings.join()).toContain(`PUBLIC may create in schema Own Name: `);
  expect(plan?.warnings.join()).toContain(both);
  expect(plan?.rules).toEqual(before?.rules);
  expect(plan?.removals).toEqual(before?.removals);
  expect(plan?.catalog).toEqual(before?.catalog);
});

it('tells by the role that prepares green what can be adapted there, whoever looks', async () => {
  await world.admin(`
    CREATE ROLE apart_${world.suffix}; CREATE VIEW of_hydra AS SELECT subject FROM hydra_oauth2_consent_request; ALTER VIEW of_hydra OWNER TO ${world.owner};
    CREATE VIEW of_another AS SELECT subject FROM hydra_oauth2_consent_request; CREATE SCHEMA apart; ALTER VIEW of_another SET SCHEMA apart; ALTER VIEW apart.of_another OWNER TO apart_${world.suffix}`);
  try {
    for (const plants of [{}, world.looking()]) {
      const { fault } = await world.look(plants);
      expect(fault?.message).toMatch(/one problem.*view apart\.of_another/s);
    }
    await world.admin('DROP VIEW apart.of_another');
    for (const plants of [{}, world.looking()]) {
      const { plan } = await world.look(plants);
      const adapted = plan?.catalog?.filter(({ onGreen }) => onGreen !== undefined);
      expect(adapted).toMatchObject([{ object: 'view public.of_hydra', onGreen: ['DROP VIEW public.of_hydra'] }]);
    }
  } finally {
    await world.admin(
      `DROP VIEW IF EXISTS of_hydra, apart.of_another; DROP SCHEMA apart; DROP ROLE apart_${world.suffix}`,
    );
  }
});

it("refuses an operator's trigger where clients are written by the role that decides, before the undo would meet it", async () => {
  await world.admin(`CREATE FUNCTION audit() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'`);
  // By its kind, whatever its name: this one reads like a trigger of a table in another schema.
  await world.admin('CREATE TRIGGER "audit of old.clients" AFTER UPDATE ON hydra_client EXECUTE FUNCTION audit()');
  const refused =
    /trigger audit of old\.clients of hydra_client: none of Hydra's.*name a role for these rows in blue\.database\.worker/s;
  try {
    expect((await world.look()).text).not.toMatch(/audit of old\.clients of hydra_client: none of Hydra's/);
    const settings = (s: CutoverSettings) => ({ ...s, accessTokenLifespanMs: 3_600_000 });
    expect((await world.look({ settings })).text).toMatch(refused);
    const withWorker = (s: CutoverSettings) => ({ ...settings(s), workerRoles: { blue: 'reader' } });
    expect((await world.look({ settings: withWorker })).text).not.toMatch(refused);
  } finally {
    await world.admin('DROP FUNCTION audit() CASCADE');
  }
});

it('refuses a wrong password of our role where another one looks, and a cutover that holds blue', async () => {
  const looking = world.looking();
  const { fault } = await world.look({ ...looking, blue: { ...looking.blue, password: () => 'wrong' } });
  expect(fault).toMatchObject({ code: 'CHECK_FAILED' });
  expect(fault?.message).toMatch(/refuses the password/);
  const owner = { owner: OUR_ROLES.owner };
  await installArbiter(client, { side: 'blue', cutoverId: 'another', initialState: 'open', ...owner });
  try {
    for (const may of [false, true]) {
      if (may) await letLook(client, world.lookRole);
      const held = await world.look(looking);
      expect(held.fault?.message).toMatch(/belongs to cutover another \(side blue, open/);
    }
  } finally {
    await removeArbiter(client);
  }
});
