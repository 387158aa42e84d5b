import { withClient } from '../hydra';
import { type SeedReport, seed } from '../seeder';
import { type World } from '../up';

/** Years of history before the first request: as many grants as a small production has. None needs no 1.11.10. */
export async function seedHistory(world: World, grants: number): Promise<SeedReport> {
  const asOf = new Date().toISOString();
  if (grants === 0) return { profile: 'fixable', grants, seed: 1, asOf, durationMs: 0, rows: {}, planted: {} };
  const { instance, database, hydra } = world.info.blue;
  const { user, password, caFile } = database;
  const login = { host: instance.host, port: instance.port, user, password, caFile };
  return withClient(login, database.name, (client) =>
    seed(client, {
      profile: 'fixable',
      grants,
      seed: 1,
      asOf,
      systemSecret: hydra.secretsSystem,
      issuer: hydra.issuer,
    }),
  );
}
