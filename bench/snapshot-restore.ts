import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { CreateDBSnapshotCommand, type DBInstance, RestoreDBInstanceFromDBSnapshotCommand } from '@aws-sdk/client-rds';
import { AcknowledgedWriter } from '../test/integration/world/rds/acknowledged-writer';
import { EndpointProcess, onInstance } from '../test/integration/world/rds/endpoint-fixture';

const ROWS = 1_060_000;
const QUIET_MS = 8_000;
const GOAL_S = 30;
const run$ = promisify(execFile);

/**
 * Snapshot and restore of 1 GB through the RDS endpoint while a writer keeps inserting: how long, against `cp -r` of the same
 * folder, how long the writer waited at most, and whether every row it was promised is in the restored instance.
 */
export async function run(): Promise<void> {
  const rds = await EndpointProcess.start();
  try {
    const blue = await rds.createInstance('blue');
    await fill(blue);
    const bytes = await folderBytes(rds.dataDir(blue));
    const before = await copySeconds(rds, blue);
    const writer = new AcknowledgedWriter(blue);
    await writer.start();
    await sleep(QUIET_MS);
    const quietStallMs = writer.takeLongestStallMs();
    const snapshot = await measure(async () => {
      const ids = { DBInstanceIdentifier: 'blue', DBSnapshotIdentifier: 'bench' };
      await rds.client.send(new CreateDBSnapshotCommand(ids));
      return rds.snapshot('bench', 'available', 'failed');
    });
    const stallMs = writer.takeLongestStallMs();
    const restore = await measure(async () => {
      const ids = { DBInstanceIdentifier: 'green', DBSnapshotIdentifier: 'bench' };
      await rds.client.send(new RestoreDBInstanceFromDBSnapshotCommand(ids));
      return rds.instance('green', 'available', 'failed');
    });
    await writer.stop();
    const after = await copySeconds(rds, blue);
    const promised = writer.idsBefore(snapshot.result.SnapshotDatabaseTime ?? new Date(0));
    const found = await foundIds(restore.result);
    report({
      'data folder (what cp copies)': gibibytes(bytes),
      'snapshot (without old WAL)': gibibytes(await folderBytes(join(rds.stateDir, 'snapshots'))),
      snapshot: seconds(snapshot.seconds),
      restore: seconds(restore.seconds),
      'together (goal)': `${seconds(snapshot.seconds + restore.seconds)} (< ${GOAL_S} s)`,
      'cp -r before and after': `${seconds(before)}, ${seconds(after)}`,
      'snapshot / cp -r': (snapshot.seconds / ((before + after) / 2)).toFixed(2),
      'snapshot and restore / two cp -r': ((snapshot.seconds + restore.seconds) / (before + after)).toFixed(2),
      'longest wait of the writer before': `${quietStallMs} ms`,
      'longest wait during the snapshot': `${stallMs} ms`,
      'rows acknowledged before the database time': String(promised.length),
      'of them found in the restored instance': String(promised.filter((id) => found.has(id)).length),
    });
  } finally {
    await rds.dispose();
  }
}

async function fill(blue: DBInstance): Promise<void> {
  await onInstance(blue, async (client) => {
    await client.query(
      `CREATE TABLE bulk AS SELECT n AS id, repeat(md5(n::text), 28) AS filler FROM generate_series(1, ${ROWS}) AS n`,
    );
    await client.query('CREATE INDEX ON bulk (id)');
    await client.query('VACUUM ANALYZE bulk');
    await client.query('CHECKPOINT');
  });
}

/** Both after a sync, so that neither pays for what was written before. */
async function copySeconds(rds: EndpointProcess, blue: DBInstance): Promise<number> {
  const target = join(rds.dir, 'plain-copy');
  await run$('sync');
  const { seconds: taken } = await measure(() =>
    run$('cp', ['-r', rds.dataDir(blue), target]).catch((error: Error) => {
      // A file that vanished under cp is no reason to stop measuring it.
      if (!error.message.includes('No such file')) throw error;
    }),
  );
  await rm(target, { recursive: true, force: true });
  await run$('sync');
  return taken;
}

async function folderBytes(folder: string): Promise<number> {
  const { stdout } = await run$('du', ['-sk', folder]);
  return Number.parseInt(stdout, 10) * 1024;
}

async function foundIds(green: DBInstance): Promise<Set<number>> {
  return onInstance(green, async (client) => {
    const { rows } = await client.query<{ id: string }>('SELECT id FROM acknowledged');
    return new Set(rows.map((row) => Number(row.id)));
  });
}

async function measure<T>(work: () => Promise<T>): Promise<{ result: T; seconds: number }> {
  const begun = performance.now();
  const result = await work();
  return { result, seconds: (performance.now() - begun) / 1_000 };
}

function seconds(value: number): string {
  return `${value.toFixed(2)} s`;
}

function gibibytes(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(2)} GiB`;
}

function report(values: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(values)) process.stdout.write(`${name.padEnd(46)}${value}\n`);
}
