import { Client } from 'pg';
import { type VendorPlan } from '../../activities/in-place/read-vendor-plan';
import { type SqlClient } from '../../domain/ports/sql-client';
import { compareFacts, readFacts, tellDifferences } from '../../hydra/catalog';
import { actAlone } from '../../hydra/in-place/act-alone';
import { type ActTools } from '../../hydra/in-place/run-acts';
import { type TestDatabase } from './database';
import { type InPlaceFixture } from './in-place';

/**
 * Databases of a test of its own beside those of the fixture, and sessions in them.
 *
 * @param fixture which is made before all tests
 * @param areEnded whether others end some of these sessions, which is no failure of the test then
 */
export function useClones(fixture: () => InPlaceFixture, live: Pick<TestDatabase, 'config'>, areEnded = false) {
  const clients: Client[] = [];

  async function open(client: Client): Promise<Client> {
    if (areEnded) client.on('error', () => undefined);
    clients.push(client);
    await client.connect();
    return client;
  }

  const openAs = (role: string, database: string): Promise<Client> =>
    open(new Client({ connectionString: fixture().dsn(role, database) }));

  return {
    /** A test that closes what it opened before it ends. */
    closing(test: () => Promise<void>): () => Promise<void> {
      return async () => {
        try {
          await test();
        } finally {
          for (const client of clients.splice(0)) await client.end();
        }
      };
    },

    openAs,

    /** A database that the old version has migrated, and a session of the tool's in it. */
    async openClone(name: string): Promise<{ client: Client; database: string }> {
      const database = `${fixture().database}_${name}`;
      await fixture().clone(database);
      return { database, client: await openAs(fixture().roles.tool, database) };
    },

    asAdminIn: (database: string): Promise<Client> => open(new Client({ ...live.config, database })),

    toolsOf,

    /** As the next try does, which ends the session of one that is silent. */
    async alone(client: SqlClient, work: (tools: ActTools) => Promise<void>): Promise<void> {
      const tools = toolsOf(client);
      await actAlone(client, { ...tools, silentMs: 0 });
      await work(tools);
    },
  };

  function toolsOf(client: SqlClient, heartbeat: ActTools['heartbeat'] = () => undefined): ActTools {
    const { schema, owner, migration } = fixture().settings;
    return {
      client,
      schema,
      owner,
      ...migration,
      signal: new AbortController().signal,
      watch: () => Promise.resolve([]),
      heartbeat,
    };
  }
}

/** The renamed bookkeeping of the pop library, which nobody reads any more, is left out on purpose. */
const LEFT_OUT = 'schema_migration_pop_legacy';

/** @param after what the vendor's own migration makes */
export async function expectCatalog(client: Client, after: VendorPlan['after'], schema = 'public'): Promise<void> {
  const differences = compareFacts(after, await readFacts(client, schema));
  expect(tellDifferences(differences.filter(({ table }) => table !== LEFT_OUT))).toBe('');
}
