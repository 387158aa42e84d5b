import { CutoverFault } from '../../domain/faults';
import { type SqlClient, type Statement, queryRows } from '../../domain/ports/sql-client';
import { type SideName } from '../../domain/sides';
import { REVOCATION_KINDS, type RevocationKind } from '../capture';
import { sqlFile } from '../sql-file';
import { type NamedKeys, TOKEN_TABLES } from './log-keys';
import { textsOf, tuplesOf } from './row-block';
import { UNFLUSHED } from './unflushed';
import { type WantedRows } from './wanted-rows';

/** What became of a revocation on the target. `already_absent`: the target never had what was revoked, or no more. */
type RevocationOutcome = 'applied' | 'already_absent';

export interface CapturedRevocation {
  readonly kind: RevocationKind;
  readonly key: string;
  readonly requestId: string | null;
  readonly capturedAt: string;
  /** Of the note that is the newest: with another one it has to be carried anew. */
  readonly noteId: string;
}

/** Revocations whose whole effect a round has brought to the target already: of a long chain, each part of the log names it again. */
export class CarriedRevocations {
  readonly #ids = new Set<string>();

  has({ kind, key, noteId }: CapturedRevocation): boolean {
    return this.#ids.has(`${noteId} ${kind} ${key}`);
  }

  /** After the target's commit. */
  add(revocations: readonly CapturedRevocation[]): void {
    if (this.#ids.size > KEPT_MAX) this.#ids.clear();
    for (const { kind, key, noteId } of revocations) this.#ids.add(`${noteId} ${kind} ${key}`);
  }
}

const KEPT_MAX = 10_000;

export interface JudgedRevocations {
  readonly revocations: readonly CapturedRevocation[];
  /** Ids of what was noted and was a rotation. */
  readonly rotated: readonly string[];
}

/**
 * Judges, in the caller's snapshot of the source, what the triggers noted: they see OLD and NEW alone, and a rotation ends a token as a
 * revocation does. With all kinds named, PostgreSQL finds the keys through the index on (kind, key).
 *
 * @returns what the transactions whose changes `named` holds noted
 */
export async function readNamedRevocations(from: SqlClient, named: NamedKeys<'named'>): Promise<JudgedRevocations> {
  const keys = new Set([...named.consents, ...named.requests]);
  for (const table of [...TOKEN_TABLES, 'hydra_client', 'hydra_oauth2_authentication_session'] as const) {
    for (const [key = ''] of named.rows[table].values()) keys.add(key);
  }
  if (keys.size === 0) return { revocations: [], rotated: [] };
  const judged = await queryRows<CapturedRevocation & { rotated: readonly string[] | null }>(
    from,
    `SELECT kind, key, "requestId", to_jsonb(min(at)) #>> '{}' AS "capturedAt", max(id)::text AS "noteId",
            CASE WHEN bool_and(rotated) THEN array_agg(id::text) END AS rotated
       FROM (
         SELECT noted.id, noted.kind, noted.key, noted.request_id AS "requestId", noted.at,
                CASE noted.kind
                  WHEN 'chain_revoked' THEN EXISTS (
                    SELECT 1 FROM hydra_oauth2_refresh t WHERE t.request_id = noted.request_id AND t.active)
                  WHEN 'access_deleted' THEN EXISTS (
                    SELECT 1 FROM hydra_oauth2_access t
                     WHERE t.request_id = noted.request_id AND t.requested_at >= noted.requested_at::timestamp)
                  ELSE false END AS rotated
           FROM hydra_cutover.revocation noted
          WHERE noted.rotated_at IS NULL AND noted.kind = ANY($1::text[]) AND noted.key = ANY($2::text[])) judged
      GROUP BY kind, key, "requestId"`,
    [REVOCATION_KINDS, [...keys]],
  );
  return {
    revocations: judged
      .filter(({ rotated }) => rotated === null)
      .map(({ kind, key, requestId, capturedAt, noteId }) => ({ kind, key, requestId, capturedAt, noteId })),
    rotated: judged.flatMap(({ rotated }) => rotated ?? []),
  };
}

/** After the target's commit, as log rows are marked done: they are not judged again. */
export async function markRotated(from: SqlClient, rotated: readonly string[]): Promise<void> {
  if (rotated.length === 0) return;
  await from.query(
    `UPDATE hydra_cutover.revocation SET rotated_at = clock_timestamp() WHERE id = ANY($1::bigint[]) AND rotated_at IS NULL AND ${UNFLUSHED}`,
    [rotated],
  );
}

/** Names what the revocations ended: the changes at hand may be only some of theirs. @returns the grants they ended */
export function nameRevoked(named: NamedKeys<'named'>, revocations: readonly CapturedRevocation[]): readonly string[] {
  for (const { kind, key } of revocations) {
    if (kind === 'consent_deleted') named.consents.add(key);
    if (kind === 'access_deleted') named.rows.hydra_oauth2_access.add([key]);
    if (kind === 'login_session_deleted') named.rows.hydra_oauth2_authentication_session.add([key]);
    if (kind === 'client_deleted') named.rows.hydra_client.add([key]);
  }
  return [...new Set(revocations.flatMap(({ requestId }) => requestId ?? []))];
}

/** @returns ids of the revocations of which the target has something active that the source has not */
export async function stillActive(
  to: SqlClient,
  revocations: readonly CapturedRevocation[],
  { flows, rows, activeTokens }: WantedRows & { readonly activeTokens: readonly string[] },
): Promise<ReadonlySet<string>> {
  if (revocations.length === 0) return new Set();
  const tokens = [...tuplesOf([...rows.hydra_oauth2_access, ...rows.hydra_oauth2_refresh], ['signature', 'active'])];
  const usable = tokens.flatMap(([signature, active]) => (active === 'true' ? [signature] : []));
  const found = await queryRows<{ kind: string; key: string }>(to, sqlFile(__dirname, 'still-active.sql'), [
    JSON.stringify(revocations.map(({ kind, key }) => ({ kind, key }))),
    [...usable, ...activeTokens],
    textsOf(flows, 'consent_challenge_id'),
    textsOf(rows.hydra_oauth2_authentication_session, 'id'),
    textsOf(rows.hydra_client, 'id'),
  ]);
  return new Set(found.map(revocationId));
}

/**
 * What became of the revocations; the first outcome of each stays.
 *
 * @param before what {@link stillActive} said before the target was written
 * @param after and then
 * @throws CutoverFault SYNC_FAILED when one of them has no effect on the target
 */
export function ledgerChange(
  revocations: readonly CapturedRevocation[],
  before: ReadonlySet<string>,
  after: ReadonlySet<string>,
  side: SideName,
): Statement {
  if (after.size > 0) {
    throw new CutoverFault(
      'SYNC_FAILED',
      `${after.size} of ${revocations.length} revocations would have no effect on ${side}; nothing of this transaction was kept; undo the cutover and report this as a defect`,
      { revocations: revocations.length, withoutEffect: after.size },
    );
  }
  const entries = revocations.map((revocation) => {
    const outcome: RevocationOutcome = before.has(revocationId(revocation)) ? 'applied' : 'already_absent';
    return { ...revocation, outcome };
  });
  return {
    text: `INSERT INTO hydra_cutover.ledger (kind, key, request_id, captured_at, outcome)
     SELECT kind, key, "requestId", "capturedAt", outcome
       FROM json_to_recordset($1::json) AS entry(kind text, key text, "requestId" text, "capturedAt" timestamptz, outcome text)
     ON CONFLICT (kind, key) DO NOTHING`,
    values: [JSON.stringify(entries)],
    isOurs: true,
  };
}

function revocationId({ kind, key }: { readonly kind: string; readonly key: string }): string {
  return `${kind} ${key}`;
}
