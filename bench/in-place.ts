import { CutoverFault } from '../domain/faults';
import { asAdmin } from '../test/support/database';
import { inPlaceFixture } from '../test/support/in-place';
import { OwnCluster } from '../test/support/own-cluster';
import { publishSharedServers } from '../test/support/shared-servers';
import { resolveHydra } from '../world/toolchain';
import { measureStalls } from './in-place/stalls';
import { measureStorms } from './in-place/storms';

const ACCESS_ROWS = 1_000_000;
const SMALLEST = 1_000;

/**
 * The step in place: the longest stall of writers and readers per table, online against shipped; and what retries of a refresh cost,
 * with and without coalescing.
 *
 * `BENCH_ACCESS_ROWS` instead of a million: for a look at the command itself.
 */
export async function run(): Promise<void> {
  const accessRows = Number(process.env['BENCH_ACCESS_ROWS'] ?? ACCESS_ROWS);
  if (!Number.isInteger(accessRows) || accessRows < SMALLEST) {
    throw new CutoverFault('USAGE', `BENCH_ACCESS_ROWS is ${accessRows} (allowed: whole numbers from ${SMALLEST})`);
  }
  const hydra11110 = await resolveHydra('1.11.10', {});
  const cluster = await OwnCluster.start(15, { tls: false, fsync: true });
  try {
    const { host, port, superuser } = cluster;
    const server = { host, port, ...superuser };
    publishSharedServers({
      postgres: server,
      binaries: { hydra11110, hydra220: '', hydra230: '', temporalCli: '', temporalTestServer: '', etcd: '' },
    });
    const [live, scratch] = [
      { config: { ...server, database: 'bench' } },
      { config: { ...server, database: 'bench_scratch' } },
    ] as const;
    for (const { config } of [live, scratch]) await asAdmin(`CREATE DATABASE ${config.database}`);
    const fixture = await inPlaceFixture(live, scratch);
    try {
      await measureStalls(fixture, accessRows);
      // The scratch database has the schema of 1.11.10 and no row.
      await measureStorms(scratch.config);
    } finally {
      await fixture.close();
    }
  } finally {
    await cluster.stop();
  }
}
