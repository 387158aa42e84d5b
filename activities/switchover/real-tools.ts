import { CutoverFault } from '../../domain/faults';
import { type SqlClient, queryRows } from '../../domain/ports/sql-client';
import { type ArbiterDescription, describeArbiter } from '../../hydra/arbiter';
import { type SideName } from '../../domain/sides';
import { readStaleChallenges } from '../../hydra/sync';
import { openSync } from '../sync-session';
import { PATIENCE } from './patience';
import { type LatestAttempt, type SwitchoverTools } from './tools';

export const realTools: SwitchoverTools = { patience: PATIENCE, latestAttempt, openSync, readStaleChallenges };

async function latestAttempt(client: SqlClient, cutoverId: string, side: SideName): Promise<LatestAttempt | null> {
  const latest = (await arbiterOf(client, cutoverId, side))?.attempts.at(-1);
  if (latest === undefined) return null;
  const { attempt, epoch, state, holdStartedAt } = latest;
  const [age] = await queryRows<{ ms: number }>(
    client,
    'SELECT (extract(epoch FROM clock_timestamp() - $1::timestamptz) * 1000)::float8 AS ms',
    [holdStartedAt],
  );
  return { attempt, epoch, state, ageMs: age?.ms ?? 0 };
}

/**
 * @param client a session on the database that is reached as `side`
 * @returns undefined when it has no arbiter
 * @throws CutoverFault CROSSED_CONNECTION | CUTOVER_RUNNING (it is another cutover's)
 */
export async function arbiterOf(
  client: SqlClient,
  cutoverId: string,
  side: SideName,
): Promise<ArbiterDescription | undefined> {
  const found = await describeArbiter(client);
  if (found === undefined) return undefined;
  if (found.cutoverId !== cutoverId) {
    throw new CutoverFault(
      'CUTOVER_RUNNING',
      `cutover ${found.cutoverId} holds the database reached as ${side} since ${found.installedAt}; nothing of it is touched for ${cutoverId}`,
      { cutoverId: found.cutoverId, state: found.state },
    );
  }
  if (found.side !== side) {
    throw new CutoverFault(
      'CROSSED_CONNECTION',
      `the database reached as ${side} is the ${found.side} side of cutover ${cutoverId}; check the addresses of both sides`,
    );
  }
  return found;
}
