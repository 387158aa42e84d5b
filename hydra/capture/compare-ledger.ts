import { type SqlClient, queryRows } from '../../domain/ports/sql-client';
import { readNoted } from './revocations';

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

/**
 * Compares the revocations on blue with green's ledger, as sets of (kind, key), in bounded batches. Judges anew what was one. Changes
 * nothing.
 *
 * @param blue names Hydra's tables in full: see `byFullName`
 */
export async function compareLedger(
  blue: SqlClient,
  green: SqlClient,
  options: CompareLedgerOptions = {},
): Promise<LedgerComparison> {
  const batchRows = options.batchRows ?? 5_000;
  const byKind: Record<string, number> = {};
  let [captured, applied, known] = [0, 0, 0];
  let after = { kind: '', key: '' };
  for (;;) {
    options.signal?.throwIfAborted();
    const page = await readNoted(blue, after, batchRows);
    const last = page.at(-1);
    if (last === undefined) break;
    after = last;
    const revoked = page.filter((noted) => noted.revoked);
    captured += revoked.length;
    for (const { kind } of revoked) byKind[kind] = (byKind[kind] ?? 0) + 1;
    const inLedger = await countInLedger(green, revoked);
    applied += inLedger;
    // What was a revocation when it was carried, and is none by what came later.
    known +=
      inLedger +
      (await countInLedger(
        green,
        page.filter((noted) => !noted.revoked),
      ));
    options.onProgress?.(captured);
  }
  const [ledger] = await queryRows<{ rows: number }>(
    green,
    'SELECT count(*)::float8 AS rows FROM hydra_cutover.ledger',
  );
  return { captured, applied, missing: captured - applied, unknown: (ledger?.rows ?? 0) - known, byKind };
}

async function countInLedger(
  green: SqlClient,
  page: readonly { readonly kind: string; readonly key: string }[],
): Promise<number> {
  if (page.length === 0) return 0;
  const [row] = await queryRows<{ found: number }>(
    green,
    `SELECT count(*)::float8 AS found FROM unnest($1::text[], $2::text[]) AS captured (kind, key)
       JOIN hydra_cutover.ledger USING (kind, key) WHERE outcome IS NOT NULL`,
    [page.map(({ kind }) => kind), page.map(({ key }) => key)],
  );
  return row?.found ?? 0;
}
