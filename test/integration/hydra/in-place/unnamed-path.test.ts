import { ProcessCommandRunner } from '../../../../adapters/command/process-command-runner';
import { readVendorPlan } from '../../../../activities/in-place/read-vendor-plan';
import { type InPlaceCommand } from '../../../../domain/in-place/settings';
import { book } from '../../../../hydra/in-place/bookkeeping';
import { layCompatibility, switchOldSessions } from '../../../../hydra/in-place/compatibility';
import { keepPlan } from '../../../../hydra/in-place/keep-plan';
import { runActs } from '../../../../hydra/in-place/run-acts';
import { HYDRA_LAUNCH_FACTS } from '../../../../hydra/versions';
import { adminLoginApp, createOauthClient, grantTokens, introspectToken, listConsents, OauthHttp, refreshTokens } from '../../../../world/oauth'; // prettier-ignore
import { useDatabase } from '../../../support/database';
import { startHydra } from '../../../support/hydra';
import { inPlaceFixture, migrateCommand, stepContext, type InPlaceFixture } from '../../../support/in-place';
import { expectCatalog, useClones } from '../../../support/in-place-clones';

const live = useDatabase('empty');
const scratch = useDatabase('empty');
const { closing, openAs, toolsOf } = useClones(() => fixture, live);
let fixture: InPlaceFixture;

beforeAll(async () => {
  fixture = await inPlaceFixture(live, scratch);
});

afterAll(() => fixture.close());

describe('the migrations of Hydra 2.2.0 to 2.3.0, which no path names', () => {
  it(
    'are read, run online while 2.2.0 serves through views, and leave the catalog of the vendor’s own',
    closing(async () => {
      const { roles, settings } = fixture;
      const commands = new ProcessCommandRunner<InPlaceCommand>({
        commands: { migrateOld: await migrateCommand('2.2.0'), migrateNew: await migrateCommand('2.3.0') },
      });
      const { plan, refused, after } = await readVendorPlan({ ...fixture.deps, commands }, stepContext());
      expect(refused).toEqual([]);
      // One of them runs in no transaction.
      expect(plan.acts.map(({ migration }) => migration)).not.toContain('none');
      const database = `${fixture.database}_later`;
      await fixture.empty(database);
      await fixture.hydra('2.2.0', HYDRA_LAUNCH_FACTS['2.2.0'].migrateArgs, database, roles.old);
      const client = await openAs(roles.tool, database);
      await keepPlan(client, 'run-1', plan);
      const { schema, owner, oldRole } = settings;
      const place = { schema, owner, oldRole, database };
      await layCompatibility(client, place, {
        sessionTables: [],
        activeOnlyTables: [],
        changedTables: plan.changedTables,
        acts: plan.acts,
      });
      await switchOldSessions(client, place);
      const issuer = 'https://127.0.0.1:9/';
      const start = async (version: '2.2.0' | '2.3.0', role: string) => {
        const hydra = await startHydra({
          ...{ version, issuer, database: live.config, loginAppUrl: 'http://127.0.0.1:9' },
          extra: { DSN: fixture.dsn(role, database) },
        });
        const { publicUrl, adminUrl, adminPrefix } = hydra;
        const http = new OauthHttp({ publicUrl, adminUrl, adminPrefix, issuer }, { forwardedProto: true });
        parts.push(() => http.close(), hydra.stop);
        return http;
      };
      const parts: (() => Promise<void>)[] = [];
      try {
        const old = await start('2.2.0', roles.old);
        const app = await createOauthClient(old);
        const logIn = async () => {
          const { tokens } = await grantTokens(old, {
            client: app,
            loginApp: adminLoginApp(old, { subject: 'ada', remember: true }),
          });
          return refreshTokens(old, app, tokens.refreshToken ?? '');
        };
        let running = true;
        let chain = await logIn();
        const ended = runActs(toolsOf(client), plan).finally(() => (running = false));
        while (running) await logIn();
        await ended;
        await logIn();
        await book(toolsOf(client), plan);
        await expectCatalog(client, after);
        const says = await fixture.hydra('2.3.0', ['migrate', 'sql', 'status', '-e'], database, roles.next);
        expect(says).not.toMatch(/pending/i);

        const next = await start('2.3.0', roles.next);
        for (const asked of [next, old, next, old]) {
          chain = await refreshTokens(asked, app, chain.refreshToken ?? '');
          for (const http of [old, next]) {
            expect(await introspectToken(http, chain.accessToken)).toMatchObject({ active: true, subject: 'ada' });
            expect(await listConsents(http, 'ada')).not.toHaveLength(0);
          }
        }
      } finally {
        for (const end of parts.reverse()) await end();
      }
    }),
  );
});
