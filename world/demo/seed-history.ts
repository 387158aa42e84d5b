import { withClient } from '../hydra';
import { type SeedReport, seed } from '../seeder';
import { type World } from '../up';

/** Years of history before the first request: as many grants as a small production has. */
export async function seedHistory(world: World, grants: number): Promise<SeedReport> {
  const { instance, database, hydra } = world.info.blue;
  const { user, password, caFile } = database;
  const login = { host: instance.host, port: instance.port, user, password, caFile };
  return withClient(login, database.name, (client) =>
    seed(client, {
      profile: 'fixable',
      grants,
      seed: 1,
      asOf: new Date().toISOString(),
      systemSecret: hydra.secretsSystem,
      issuer: hydra.issuer,
    }),
  );
}
