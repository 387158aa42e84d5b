import { type SqlClient, queryRows } from '../../domain/ports/sql-client';
import { readRevocations } from './revocations';

export interface LedgerComparison {
  readonly captured: number;
  readonly applied: number;
  /** Captured, but not in green's ledger. */
  readonly missing: number;
  /** In green's ledger, but not captured. */
  readonly unknown: number;
  readonly byKind: Readonly<Record<string, number>>;
}

export interface CompareLedgerOptions {
  /** @default 5_000 */
  readonly batchRows?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (captured: number) => void;
}

/** Compares what blue captured with green's ledger, as sets of (kind, key), in bounded batches. Changes nothing. */
export async function compareLedger(
  blue: SqlClient,
  green: SqlClient,
  options: CompareLedgerOptions = {},
): Promise<LedgerComparison> {
  const batchRows = options.batchRows ?? 5_000;
  const byKind: Record<string, number> = {};
  let [captured, applied, afterId] = [0, 0, 0];
  for (;;) {
    options.signal?.throwIfAborted();
    const page = await readRevocations(blue, afterId, batchRows);
    const last = page.at(-1);
    if (last === undefined) break;
    afterId = last.id;
    captured += page.length;
    for (const { kind } of page) byKind[kind] = (byKind[kind] ?? 0) + 1;
    applied += await countInLedger(green, page);
    options.onProgress?.(captured);
  }
  const [ledger] = await queryRows<{ rows: number }>(
    green,
    'SELECT count(*)::float8 AS rows FROM hydra_cutover.ledger',
  );
  return { captured, applied, missing: captured - applied, unknown: (ledger?.rows ?? 0) - applied, byKind };
}

async function countInLedger(
  green: SqlClient,
  page: readonly { readonly kind: string; readonly key: string }[],
): Promise<number> {
  const [row] = await queryRows<{ found: number }>(
    green,
    `SELECT count(*)::float8 AS found FROM unnest($1::text[], $2::text[]) AS captured (kind, key)
       JOIN hydra_cutover.ledger USING (kind, key) WHERE outcome IS NOT NULL`,
    [page.map(({ kind }) => kind), page.map(({ key }) => key)],
  );
  return row?.found ?? 0;
}
