import { type Client } from 'pg';
import { type SqlClient } from '../../../domain/ports/sql-client';
import { hasSqlState } from '../../../hydra/sql-state';
import { raiseLifetimes } from '../../../hydra/capture';
import { FORWARD } from '../../../domain/sides';
import { type Attack } from '../attack';
import { AttackSucceeded } from '../battle';
import { CLIENT } from './becoming-us';

const WAIT_MS = 500;

/** Tries it for a moment. @returns whether a lock of ours kept it out */
async function isKeptOut(attacker: Client, sql: string): Promise<boolean> {
  await attacker.query(`SET lock_timeout = ${WAIT_MS}`);
  try {
    await attacker.query(sql);
    return false;
  } catch (error) {
    if (hasSqlState(error, 'lockNotAvailable')) return true;
    throw error;
  }
}

/** As the session, with what somebody does once it has looked what there is on Hydra's tables, and has not used them yet. */
function onceLooked(client: SqlClient, act: () => Promise<void>): SqlClient {
  let isDone = false;
  return {
    query: async (text, values) => {
      const answer = await client.query(text, values);
      if (!isDone && /RECURSIVE named AS \(/.test(text)) {
        isDone = true;
        await act();
      }
      return answer;
    },
  };
}

/** What comes in behind the look would run as the role that decides. */
export const BESIDE_A_LOOK: readonly Attack[] = (
  [
    ['statistics', `CREATE STATISTICS spy.a ON (spy.evil_text('x') || id), client_name FROM hydra_client`],
    ['an index', `CREATE INDEX CONCURRENTLY a ON hydra_client ((spy.evil_text('x') || id))`],
    [
      'a table that inherits',
      `CREATE TABLE spy.child () INHERITS (hydra_client); GRANT ALL ON spy.child TO PUBLIC;
       CREATE TRIGGER a BEFORE UPDATE ON spy.child FOR EACH ROW EXECUTE FUNCTION spy.evil_trigger()`,
    ],
  ] as const
).map(([what, sql]): Attack => ({
  title: `${what} on clients, made beside a transaction of ours that has looked and is about to write them`,
  as: 'hydra',
  isInEverySuite: what === 'statistics',
  run: async (battle) => {
    const tool = await battle.ours();
    await raiseLifetimes(tool, 3_600_000, { schema: 'public', side: FORWARD.from });
    await battle.accept();
    const hydra = await battle.as('hydra');
    await hydra.query(CLIENT);
    const seen: { wasKeptOut: boolean | null } = { wasKeptOut: null };
    const beside = onceLooked(tool, async () => {
      seen.wasKeptOut = await isKeptOut(hydra, sql);
    });
    await raiseLifetimes(beside, 7_200_000, { schema: 'public', side: FORWARD.from });
    if (seen.wasKeptOut === null) throw new Error('nobody has looked');
    if (!seen.wasKeptOut) throw new AttackSucceeded('it came in behind the look');
    return 'refused: it waits until our transaction ends';
  },
}));
