import { queryRows } from '../../domain/ports/sql-client';
import { latestAttempt } from '../../hydra/arbiter';
import { readStaleChallenges } from '../../hydra/sync';
import { openSync } from '../sync-session';
import { type SwitchoverTools } from './tools';

export const DEFAULT_TOOLS: SwitchoverTools = {
  latestAttempt: async (blue) => {
    const latest = await latestAttempt(blue);
    if (latest === undefined) return null;
    const { attempt, epoch, state } = latest;
    const [row] = await queryRows<{ ageMs: number }>(
      blue,
      `SELECT extract(epoch FROM clock_timestamp() - $1::timestamptz)::float8 * 1000 AS "ageMs"`,
      [latest.holdStartedAt],
    );
    return { attempt, epoch, state, ageMs: row?.ageMs ?? 0 };
  },
  openSync,
  readStaleChallenges,
};
