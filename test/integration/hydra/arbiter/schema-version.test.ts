import { Client } from 'pg';
import { describeArbiter, guardTables, installArbiter, removeArbiter } from '../../../../hydra/arbiter';
import { asCutoverFault } from '../../../../domain/faults';
import { readArbiter } from '../../../../hydra/arbiter/arbiter';
import { SCHEMA_VERSION } from '../../../../hydra/arbiter/schema-version';
import { readRunRow } from '../../../../hydra/closing';
import { useDatabase } from '../../../support/database';

const NEWER = SCHEMA_VERSION + 1;
const BLUE = { side: 'blue', cutoverId: 'test', initialState: 'open' } as const;
let ours: Client;
// Before the database's own, which ends every session that is left.
afterAll(() => ours.end());
const database = useDatabase('hydra_1_11_10');

beforeAll(async () => {
  ours = new Client(database.config);
  await ours.connect();
  await installArbiter(ours, BLUE);
  await guardTables(ours);
});

/** Everything of ours in this database, to the last function. */
const traces = async () => {
  const { rows } = await ours.query(
    `SELECT (SELECT count(*) FROM pg_trigger WHERE tgname ^@ 'hydra_cutover') AS triggers,
            (SELECT count(*) FROM pg_proc WHERE pronamespace::regnamespace::text ^@ 'hydra_cutover') AS functions,
            (SELECT to_jsonb(run) FROM hydra_cutover.run) AS run`,
  );
  return rows[0] as unknown;
};

/** All that looks at whose schema it is before it goes on. */
const ENTRIES: Readonly<Record<string, () => Promise<unknown>>> = {
  'the installation': () => installArbiter(ours, BLUE),
  'the description': () => describeArbiter(ours),
  'the state': () => readArbiter(ours),
  'the run row': () => readRunRow(ours),
  'the removal': () => removeArbiter(ours, { cutoverId: BLUE.cutoverId }),
};

describe.each([
  [
    'a newer',
    `UPDATE hydra_cutover.run SET schema_version = ${NEWER}`,
    new RegExp(`newer.*version ${NEWER}.*Use the version that began`),
  ],
  ['an older', 'UPDATE hydra_cutover.run SET schema_version = 1', /older.*version 1.*Bring that cutover to its end/],
  ['one from before versions', 'ALTER TABLE hydra_cutover.run DROP COLUMN schema_version', /older.*version 0/],
])('a schema that %s hydra-cutover made', (_, makeIt, message) => {
  beforeAll(() => ours.query(makeIt));

  it.each(Object.entries(ENTRIES))('is left alone by %s', async (_name, enter) => {
    const before = await traces();
    const refusal = await enter().then(() => undefined, asCutoverFault);
    expect(refusal?.code).toBe('SCHEMA_VERSION');
    expect(refusal?.message).toMatch(message);
    expect(await traces()).toEqual(before);
  });
});
