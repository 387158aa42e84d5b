import { type SqlClient, queryRows } from '../../domain/ports/sql-client';
import { type CutoverSettings } from '../../domain/settings';
import { type Findings } from './findings';
import { type Configured } from '../step';

/**
 * Changes of the left side that the sync carried in a second by the clock on two cores that did nothing else (`sync` in bench/README.md). What
 * this worker and this entered side can do over their network is measured when it catches up.
 */
const CEILING_PER_SECOND = 23_000;
/** More leaves no room for a busier hour. */
const SHARE_MAX = 0.5;
/** Of the change log, with its indexes. */
const BYTES_PER_CHANGE = 600;
/** In less the statistics of sessions are not there yet. */
const SPAN_MS_MIN = 1_000;

export interface Written {
  readonly rows: number;
  readonly atMs: number;
}

/** @returns how many rows of Hydra's tables were written since the server counts */
export async function readWritten(left: SqlClient, { hydraSchema }: CutoverSettings): Promise<Written> {
  const [row] = await queryRows<{ rows: number }>(
    left,
    `SELECT coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0)::float8 AS rows
       FROM pg_catalog.pg_stat_user_tables WHERE schemaname = $1 AND relname LIKE 'hydra\\_%'`,
    [hydraSchema],
  );
  return { rows: row?.rows ?? 0, atMs: performance.now() };
}

/** What the left side writes against what the sync carries, and what the record of it takes of its disk until the entered one has caught up. */
export function checkWriteRate(
  { before, now }: { readonly before: Written; readonly now: Written },
  freeBytes: number | null,
  { settings: { sync }, direction: { from, to } }: Configured,
  findings: Findings,
): void {
  const spanMs = now.atMs - before.atMs;
  if (spanMs < SPAN_MS_MIN) return;
  const perSecond = Math.round(((now.rows - before.rows) * 1_000) / spanMs);
  if (perSecond > CEILING_PER_SECOND * SHARE_MAX) {
    findings.warn(
      `writes on ${from}`,
      `${perSecond} rows a second, and ${CEILING_PER_SECOND} are what the sync carried in its benchmark`,
      `cut over at a quieter hour: ${to} may not catch up, and then everything is undone`,
    );
  }
  const logBytes = (perSecond * BYTES_PER_CHANGE * sync.catchUpDeadlineMs) / 1_000;
  if (freeBytes !== null && logBytes > freeBytes) {
    findings.warn(
      `storage of ${from} for the change log`,
      `${perSecond} rows a second are written; their record would take ${gigabytes(logBytes)} in the ${Math.round(sync.catchUpDeadlineMs / 60_000)} min that catching up may take, and ${gigabytes(freeBytes)} are free`,
      `allocate more storage to ${from}, or lower sync.catchUpDeadlineMs to what a rehearsal took`,
    );
  }
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}
