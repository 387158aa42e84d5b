import { randomBytes } from 'node:crypto';
import { type Client } from 'pg';
import { applyRules } from '../../../../hydra/cleaning';
import { repairStates } from '../../../../hydra/paths/1-11-10-to-2-3-0/fixups/repair-states';
import { asAdmin } from '../../../support/database';
import { sharedServers } from '../../../support/shared-servers';
import { type Clone, HYDRA_1_11_10, migrateTo230, withClone } from '../../world/seeder/clone';
import { PATH } from '../../../support/path';
import { type CarriedTableName } from '../../../../hydra/paths/copy-path';
import { withSession } from '../../../../world/net/with-session';

export const AS_OF = '2026-03-01T12:00:00.000Z';

export interface Sides {
  readonly blue: Client;
  /** What our cleaning, the vendor's own migration and our repair make of a copy of blue. */
  readonly green: Client;
}

/** Fills a database of 1.11.10 and runs `work` on it and on what the upgrade makes of its copy. */
export async function withOracle(
  fill: (blue: Clone['config']) => Promise<void>,
  work: (sides: Sides) => Promise<void>,
): Promise<void> {
  const config = { ...sharedServers().postgres, database: `oracle_${randomBytes(6).toString('hex')}` };
  await asAdmin(`CREATE DATABASE ${config.database} TEMPLATE ${HYDRA_1_11_10}`);
  try {
    await fill(config);
    // A copy needs a template that nobody is connected to.
    await withClone(config.database, async (copy) => {
      await applyRules(PATH, copy.client, { asOf: AS_OF });
      const { output, applied } = await migrateTo230(copy);
      if (!applied) throw new Error(`the migration failed: ${output.slice(-2_000)}`);
      await repairStates(copy.client);
      await withSession(config, (blue) => work({ blue, green: copy.client }));
    });
  } finally {
    await asAdmin(`DROP DATABASE ${config.database} WITH (FORCE)`);
  }
}

export async function countGreen(green: Client): Promise<Record<CarriedTableName, number>> {
  const counts: [string, number][] = [];
  for (const { name } of PATH.tables) {
    const { rows } = await green.query<{ n: number }>(`SELECT count(*)::integer AS n FROM ${name}`);
    counts.push([name, rows[0]?.n ?? 0]);
  }
  return Object.fromEntries(counts) as Record<CarriedTableName, number>;
}
