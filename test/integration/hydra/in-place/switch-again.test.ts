import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { type OnlinePlan } from '../../../../domain/in-place/online-plan';
import { oldSessions, switchOldSessions, switchOldSessionsBack } from '../../../../hydra/in-place/compatibility';
import { keepPlan } from '../../../../hydra/in-place/keep-plan';
import { asAdmin, useDatabase } from '../../../support/database';

const database = useDatabase('empty');
const PLAN: OnlinePlan = {
  ...{ from: '1.3.2', to: '1.11.10', acts: [], changedTables: [] },
  bookkeeping: { make: [], versions: [] },
};

it('takes no session that began between two switches for one that looks through the views', async () => {
  const oldRole = `old_${randomBytes(4).toString('hex')}`;
  await asAdmin(`CREATE ROLE ${oldRole} LOGIN PASSWORD 'test'`);
  const place = { schema: 'public', owner: oldRole, oldRole, database: database.config.database };
  const client = new Client(database.config);
  const session = new Client({ ...database.config, user: oldRole, password: 'test' });
  await client.connect();
  try {
    await keepPlan(client, 'run-1', PLAN);
    await switchOldSessions(client, place);
    // The way back ends here when sessions of the old version do not end in time: what is kept stays.
    await switchOldSessionsBack(client, place);
    await session.connect();
    await keepPlan(client, 'run-2', PLAN);
    const since = await switchOldSessions(client, place);
    expect(await oldSessions(client, place, since)).toMatchObject({ all: 1, before: 1 });
    // A repeat behind a crash keeps the time: what began since the switch need not begin again.
    expect(await switchOldSessions(client, place)).toBe(since);
  } finally {
    await session.end();
    await client.end();
  }
});
