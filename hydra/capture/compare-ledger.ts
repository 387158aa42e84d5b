import { type SqlClient, queryRows } from '../../domain/ports/sql-client';
import { readNoted } from './revocations';

export interface LedgerComparison {
  readonly captured: number;
  readonly applied: number;
  /** Captured, but not in the target's ledger. */
  readonly missing: number;
  /** In the target's ledger, but not captured. */
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
 * Compares the revocations on the source with the target's ledger, as sets of (kind, key), in bounded batches. Judges anew what was one.
 * Changes nothing.
 *
 * @param from names Hydra's tables in full: see `byFullName`
 */
export async function compareLedger(
  from: SqlClient,
  to: SqlClient,
  options: CompareLedgerOptions = {},
): Promise<LedgerComparison> {
  const batchRows = options.batchRows ?? 5_000;
  const byKind: Record<string, number> = {};
  let [captured, applied, known] = [0, 0, 0];
  let after = { kind: '', key: '' };
  for (;;) {
    options.signal?.throwIfAborted();
    const page = await readNoted(from, after, batchRows);
    const last = page.at(-1);
    if (last === undefined) break;
    after = last;
    const revoked = page.filter((noted) => noted.revoked);
    captured += revoked.length;
    for (const { kind } of revoked) byKind[kind] = (byKind[kind] ?? 0) + 1;
    const inLedger = await countInLedger(to, revoked);
    applied += inLedger;
    // What was a revocation when it was carried, and is none by what came later.
    known +=
      inLedger +
      (await countInLedger(
        to,
        page.filter((noted) => !noted.revoked),
      ));
    options.onProgress?.(captured);
  }
  const [ledger] = await queryRows<{ rows: number }>(to, 'SELECT count(*)::float8 AS rows FROM hydra_cutover.ledger');
  return { captured, applied, missing: captured - applied, unknown: (ledger?.rows ?? 0) - known, byKind };
}

async function countInLedger(
  to: SqlClient,
  page: readonly { readonly kind: string; readonly key: string }[],
): Promise<number> {
  if (page.length === 0) return 0;
  const [row] = await queryRows<{ found: number }>(
    to,
    `SELECT count(*)::float8 AS found FROM unnest($1::text[], $2::text[]) AS captured (kind, key)
       JOIN hydra_cutover.ledger USING (kind, key) WHERE outcome IS NOT NULL`,
    [page.map(({ kind }) => kind), page.map(({ key }) => key)],
  );
  return row?.found ?? 0;
}
