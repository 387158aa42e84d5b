import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { withSession } from '../../world/net/with-session';
import { sharedServers, type SharedServers } from './shared-servers';

/** Databases that the global set-up prepared; each test file works on a clone of one. */
export const TEMPLATES = ['empty', 'hydra_1_11_10', 'hydra_2_2_0', 'hydra_2_3_0'] as const;
export type Template = (typeof TEMPLATES)[number];

export interface TestDatabase {
  readonly config: SharedServers['postgres'] & { readonly database: string };
  /** A connection of its own, to be made in `beforeAll`; closed after the last test of the file. */
  connect: () => Promise<Client>;
}

/**
 * Gives the calling test file a database of its own, cloned from `template` before its first test and dropped after its last.
 */
export function useDatabase(template: Template = 'empty'): TestDatabase {
  const server = sharedServers().postgres;
  const database = `test_${randomBytes(6).toString('hex')}`;
  const clients: Client[] = [];
  beforeAll(() => asAdmin(`CREATE DATABASE ${database} TEMPLATE template_${template}`));
  afterAll(async () => {
    await Promise.all(clients.map((client) => client.end()));
    await asAdmin(`DROP DATABASE IF EXISTS ${database} WITH (FORCE)`);
  });
  const config = { ...server, database };
  return {
    config,
    connect: async () => {
      const client = new Client(config);
      clients.push(client);
      await client.connect();
      return client;
    },
  };
}

/** Runs one statement as the shared server's superuser, in a session of its own. */
export async function asAdmin(sql: string): Promise<void> {
  await withSession({ ...sharedServers().postgres, database: 'postgres' }, (client) => client.query(sql));
}
