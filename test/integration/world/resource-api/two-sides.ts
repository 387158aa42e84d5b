import { type Client } from 'pg';
import { freePort } from '../../../../world/net/free-port';
import {
  OauthHttp,
  adminLoginApp,
  createOauthClient,
  grantTokens,
  type OauthClient,
  type TokenSet,
} from '../../../../world/oauth';
import { type HydraSide } from '../../../../world/service/hydra-admin';
import { useDatabase } from '../../../support/database';
import { startHydra, type TestHydra } from '../../../support/hydra';
import { ask } from '../../../support/service-process';
import { until } from '../../../support/until';

export const SIDES = ['blue', 'green'] as const;
export type Side = (typeof SIDES)[number];

const VERSIONS = { blue: '1.11.10', green: '2.3.0' } as const;

export type TwoSides = ReturnType<typeof useTwoSides>;

/** A real blue and a real green Hydra with the same two clients and nothing else in common, for the whole test file. */
export function useTwoSides() {
  const databases = { blue: useDatabase('hydra_1_11_10'), green: useDatabase('hydra_2_3_0') } as const;
  const hydras: Partial<Record<Side, TestHydra>> = {};
  const clients: Partial<Record<Side, readonly OauthClient[]>> = {};
  const ports = { loginApp: 0, gateway: 0 };

  const hydraOf = (side: Side): TestHydra => hydras[side] ?? fail(`${side} is not started`);
  const clientOf = (side: Side, index = 0): OauthClient => clients[side]?.[index] ?? fail('no such client');
  const stateOf = (side: Side): HydraSide => ({
    adminUrl: hydraOf(side).adminUrl,
    apiGeneration: side === 'blue' ? 1 : 2,
  });

  async function withHttp<T>(side: Side, work: (http: OauthHttp) => Promise<T>): Promise<T> {
    const http = new OauthHttp(hydraOf(side), { forwardedProto: true });
    try {
      return await work(http);
    } finally {
      await http.close();
    }
  }

  beforeAll(async () => {
    ports.loginApp = await freePort();
    ports.gateway = await freePort();
    const start = async (side: Side): Promise<void> => {
      hydras[side] = await startHydra({
        version: VERSIONS[side],
        database: databases[side].config,
        loginAppUrl: `http://127.0.0.1:${ports.loginApp}`,
        issuer: `https://127.0.0.1:${ports.gateway}/`,
      });
      clients[side] = await withHttp(side, async (http) => [
        await createOauthClient(http, { public: true, id: 'first' }),
        await createOauthClient(http, { public: true, id: 'second' }),
      ]);
    };
    await Promise.all(SIDES.map(start));
  });
  afterAll(async () => {
    for (const side of SIDES) await hydras[side]?.stop();
  });

  return {
    ports,
    hydraOf,
    clientOf,
    stateOf,
    withHttp,
    grant: (side: Side, subject: string, client = 0): Promise<TokenSet> =>
      withHttp(side, async (http) => {
        const loginApp = adminLoginApp(http, { subject });
        return (await grantTokens(http, { client: clientOf(side, client), loginApp })).tokens;
      }),
    /** Hydra keeps running and loses its database, as in a failover. */
    async withoutDatabase(side: Side, admin: Client, work: () => Promise<void>): Promise<void> {
      const { database } = databases[side].config;
      await admin.query(`ALTER DATABASE ${database} ALLOW_CONNECTIONS false`);
      await admin.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [database]);
      try {
        await work();
      } finally {
        await admin.query(`ALTER DATABASE ${database} ALLOW_CONNECTIONS true`);
        const url = `${hydraOf(side).adminUrl}/health/ready`;
        await until(
          `${url} answers 200`,
          async () => (await ask('GET', url, { 'x-forwarded-proto': 'https' })).status === 200,
        );
      }
    },
  };
}

function fail(message: string): never {
  throw new Error(message);
}
