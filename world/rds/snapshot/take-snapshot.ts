import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Client } from 'pg';
import { CutoverFault } from '../../../domain/faults';
import { withSuperuser } from '../cluster/superuser-session';
import { FileCopier } from './copy-file';
import { copyTree } from './copy-tree';
import { isExcludedFromSnapshot } from './excluded-paths';
import { walSegmentsBetween } from './wal-segments';

export interface TakeSnapshotOptions {
  readonly port: number;
  /** @default that of the endpoint's clusters */
  readonly superuser?: string;
  readonly superuserPassword: string;
  readonly dataDir: string;
  /** Created. On any error it is left half made, for the caller to remove. */
  readonly targetDir: string;
  readonly signal: AbortSignal;
  /** @param percent 0-99; the copy goes on when it has returned */
  readonly onProgress: (percent: number) => void | Promise<void>;
}

export interface TakenSnapshot {
  /** ISO-8601 UTC. Everything that was acknowledged before is in the snapshot. */
  readonly databaseTime: string;
  /** Where the time went, for the log. */
  readonly checkpointMs: number;
  readonly copyMs: number;
  readonly walMs: number;
  readonly copiedBytes: number;
}

/**
 * Copies a running cluster consistently: what is restored from it holds every transaction that was acknowledged before
 * `databaseTime`, and nothing that was not committed.
 *
 * One session does it all: PostgreSQL aborts a backup whose session ends. Its temporary replication slot keeps the WAL from
 * the start on; without it a checkpoint during the copy recycles files that the restore needs.
 * @throws CutoverFault DISK_FULL | INTERNAL (WAL is missing), the signal's reason, or the server's error
 * Source: PostgreSQL manual, "Making a Base Backup Using the Low Level API".
 */
export async function takeSnapshot(options: TakeSnapshotOptions): Promise<TakenSnapshot> {
  const place = {
    port: options.port,
    password: options.superuserPassword,
    ...(options.superuser === undefined ? {} : { user: options.superuser, database: 'postgres' }),
  };
  return withSuperuser(place, async (client) => {
    // The copy runs outside the session; when the session is lost, what it copies is worth nothing.
    const lost = new AbortController();
    client.on('end', () => lost.abort(new Error('the session that held the backup ended')));
    const signal = AbortSignal.any([options.signal, lost.signal]);
    const slot = `snapshot_${randomBytes(6).toString('hex')}`;
    const begunAt = Date.now();
    await client.query('SELECT pg_create_physical_replication_slot($1, true, true)', [slot]);
    const { start, stop } = await backupFunctions(client);
    await client.query(`SELECT ${start}`, [slot]);
    const startedAt = Date.now();
    const copiedBytes = await copyTree({
      source: options.dataDir,
      target: options.targetDir,
      isExcluded: isExcludedFromSnapshot,
      last: ['global/pg_control'],
      signal,
      onProgress: (copied, total) => options.onProgress(Math.min(99, Math.floor((copied / total) * 100))),
    });
    const copiedAt = Date.now();
    const { label, segments } = await stopBackup(client, stop);
    await writeFile(join(options.targetDir, 'backup_label'), label, { mode: 0o600 });
    await copyWal(options, segments, signal);
    return {
      databaseTime: new Date(copiedAt).toISOString(),
      checkpointMs: startedAt - begunAt,
      copyMs: copiedAt - startedAt,
      walMs: Date.now() - copiedAt,
      copiedBytes,
    };
  });
}

/** Until PostgreSQL 14 they have other names, and are exclusive unless told otherwise. */
async function backupFunctions(client: Client): Promise<{ readonly start: string; readonly stop: string }> {
  const { rows } = await client.query<{ old: boolean }>(
    `SELECT current_setting('server_version_num')::int < 150000 AS old`,
  );
  return rows[0]?.old === true
    ? { start: 'pg_start_backup($1, true, false)', stop: 'pg_stop_backup(false)' }
    : { start: 'pg_backup_start($1, true)', stop: 'pg_backup_stop(false)' };
}

/** @returns the label, unchanged as the manual asks, and the WAL files that the copy needs to become consistent */
async function stopBackup(client: Client, stop: string): Promise<{ label: string; segments: string[] }> {
  const stopped = await client.query<{ label: string; last: string; segment_bytes: string }>(
    `SELECT labelfile AS label, pg_walfile_name(lsn) AS last,
            (SELECT setting FROM pg_settings WHERE name = 'wal_segment_size') AS segment_bytes
       FROM ${stop}`,
  );
  const row = stopped.rows[0];
  const first = /^START WAL LOCATION: \S+ \(file ([0-9A-F]{24})\)$/m.exec(row?.label ?? '')?.[1];
  if (row === undefined || first === undefined) {
    throw new CutoverFault(
      'INTERNAL',
      'PostgreSQL returned a backup label without a WAL file; the snapshot is not usable',
    );
  }
  return { label: row.label, segments: walSegmentsBetween(first, row.last, Number(row.segment_bytes)) };
}

async function copyWal(options: TakeSnapshotOptions, segments: readonly string[], signal: AbortSignal): Promise<void> {
  const target = join(options.targetDir, 'pg_wal');
  await mkdir(join(target, 'archive_status'), { recursive: true, mode: 0o700 });
  const copier = new FileCopier();
  for (const segment of segments) {
    const copied = await copier.copy(join(options.dataDir, 'pg_wal', segment), join(target, segment), { signal });
    if (copied === undefined) {
      throw new CutoverFault(
        'INTERNAL',
        `WAL file ${segment} was removed during the copy, so the snapshot could not become consistent; take it again`,
      );
    }
  }
}
