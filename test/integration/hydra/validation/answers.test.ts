import { syncRound } from '../../../../hydra/sync';
import { compareAnswers } from '../../../../hydra/validation';
import { OauthHttp } from '../../../../world/oauth';
import { type TestDatabase, useDatabase } from '../../../support/database';
import { startHydra } from '../../../support/hydra';
import { type NastyAnswers, type NastyPopulation, ask, populate } from '../../../support/nasty-population';
import { SyncWorld } from '../sync/sync-world';
import { PATH } from '../../../support/path';

const database = useDatabase('hydra_1_11_10');
let world: SyncWorld;

beforeAll(() => (world = new SyncWorld(database.config)));
afterAll(() => world.close());

/** Transform, cleaning and the vendor's migration could share a wrong belief about what bytes mean; the answers of the two Hydras do not. */
it('lets 2.3.0 answer what 1.11.10 answered, on the cleaned copy and on a green that the sync fed, but for what is declared', async () => {
  await world.capture();
  const before = await withHydra('1.11.10', database.config, (http) => populate(http));
  await world.snapshot();
  const { blue, both } = await withHydra('1.11.10', database.config, async (http) => {
    const after = await populate(http);
    const merged = merge(before, after);
    return { both: merged, blue: await ask(http, merged) };
  });
  expect(both.redirects).toBeGreaterThan(40);
  // Nearly all of the texts stand in clients, and in the names of keys.
  expect(both.clients.length).toBeGreaterThan(140);
  expect(both.keySets?.length).toBeGreaterThan(40);
  const sync = await world.openSync();
  expect(await syncRound(sync, { batchRows: 50 })).toMatchObject({ backlog: 0 });
  const copy = await world.migratedCopy();
  for (const name of [world.green, copy]) {
    const config = { ...database.config, database: name };
    const green = await withHydra('2.3.0', config, (http) => ask(http, both));
    expect(differences(blue, green)).toEqual([]);
  }
});

async function withHydra<T>(
  version: '1.11.10' | '2.3.0',
  config: TestDatabase['config'],
  work: (http: OauthHttp) => Promise<T>,
): Promise<T> {
  const hydra = await startHydra({ version, database: config, loginAppUrl: 'http://127.0.0.1:9' });
  const http = new OauthHttp(hydra, { forwardedProto: true });
  try {
    return await work(http);
  } finally {
    await http.close();
    await hydra.stop();
  }
}

function differences(blue: NastyAnswers, green: NastyAnswers): readonly string[] {
  return [...blue].flatMap(([about, { question, answer }]) =>
    compareAnswers(PATH.differences, question, answer, green.get(about)?.answer).map(
      ({ kind, path }) => `${about}: ${path} ${kind}`,
    ),
  );
}

function merge(one: NastyPopulation, other: NastyPopulation): NastyPopulation {
  return {
    clients: [...one.clients, ...other.clients],
    subjects: [...one.subjects, ...other.subjects],
    accessTokens: [...one.accessTokens, ...other.accessTokens],
    redirects: one.redirects + other.redirects,
    keySets: [...(one.keySets ?? []), ...(other.keySets ?? [])],
  };
}
