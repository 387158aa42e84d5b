import { type SqlClient, queryRows } from '../../domain/ports/sql-client';
import { REVOCATION_KINDS, type RevocationKind } from '../capture';
import { sqlFile } from '../sql-file';
import { type NamedKeys, TOKEN_TABLES } from './log-keys';

/** What became of a revocation on green. `not_in_effect`: blue itself still has something active under its key. */
export type RevocationOutcome = 'applied' | 'already_absent' | 'not_in_effect';

export interface CapturedRevocation {
  readonly kind: RevocationKind;
  readonly key: string;
  readonly requestId: string | null;
  readonly capturedAt: string;
}

export interface LedgerEntry extends CapturedRevocation {
  readonly appliedAt: string;
  readonly outcome: RevocationOutcome;
}

/**
 * With all kinds named, PostgreSQL finds the keys through the unique index on (kind, key).
 *
 * @returns revocations that blue captured in the transactions whose changes `named` holds
 */
export async function readNamedRevocations(blue: SqlClient, named: NamedKeys): Promise<CapturedRevocation[]> {
  const keys = new Set([...named.consents, ...named.requests]);
  for (const table of [...TOKEN_TABLES, 'hydra_client', 'hydra_oauth2_authentication_session'] as const) {
    for (const [key = ''] of named.rows[table].values()) keys.add(key);
  }
  if (keys.size === 0) return [];
  return queryRows<CapturedRevocation>(
    blue,
    `SELECT kind, key, request_id AS "requestId", to_jsonb(at) #>> '{}' AS "capturedAt" FROM hydra_cutover.revocation
      WHERE kind = ANY($1::text[]) AND key = ANY($2::text[])`,
    [REVOCATION_KINDS, [...keys]],
  );
}

/** @returns ids of the revocations of which green has something active */
export async function inEffectOnGreen(
  green: SqlClient,
  revocations: readonly CapturedRevocation[],
): Promise<ReadonlySet<string>> {
  if (revocations.length === 0) return new Set();
  const rows = await queryRows<{ kind: string; key: string }>(green, sqlFile(__dirname, 'still-active.sql'), [
    JSON.stringify(revocations),
  ]);
  return new Set(rows.map(revocationId));
}

/** Writes what was found out, once for each; the first outcome stays. */
export async function writeLedger(
  green: SqlClient,
  revocations: readonly CapturedRevocation[],
  before: ReadonlySet<string>,
  after: ReadonlySet<string>,
): Promise<void> {
  if (revocations.length === 0) return;
  const entries = revocations.map((revocation) => {
    const id = revocationId(revocation);
    const outcome: RevocationOutcome = after.has(id) ? 'not_in_effect' : before.has(id) ? 'applied' : 'already_absent';
    return { ...revocation, outcome };
  });
  // Something that blue revived and revoked again is looked at again.
  await green.query(
    `INSERT INTO hydra_cutover.ledger (kind, key, request_id, captured_at, outcome)
     SELECT kind, key, "requestId", "capturedAt", outcome
       FROM json_to_recordset($1::json) AS entry(kind text, key text, "requestId" text, "capturedAt" timestamptz, outcome text)
     ON CONFLICT (kind, key) DO UPDATE SET outcome = excluded.outcome, applied_at = clock_timestamp()
      WHERE ledger.outcome = 'not_in_effect' OR excluded.outcome = 'not_in_effect'`,
    [JSON.stringify(entries)],
  );
}

/** @returns entries in order of kind and key, behind `after` */
export async function readLedger(
  green: SqlClient,
  after: { readonly kind: string; readonly key: string } = { kind: '', key: '' },
  limit = 10_000,
): Promise<LedgerEntry[]> {
  return queryRows<LedgerEntry>(
    green,
    `SELECT kind, key, request_id AS "requestId", to_jsonb(captured_at) #>> '{}' AS "capturedAt",
            to_jsonb(applied_at) #>> '{}' AS "appliedAt", outcome
       FROM hydra_cutover.ledger WHERE (kind, key) > ($1, $2) ORDER BY kind, key LIMIT $3`,
    [after.kind, after.key, limit],
  );
}

function revocationId({ kind, key }: { readonly kind: string; readonly key: string }): string {
  return `${kind} ${key}`;
}
