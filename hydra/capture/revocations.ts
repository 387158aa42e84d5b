import { type SqlClient, queryRows } from '../../domain/ports/sql-client';

export const REVOCATION_KINDS = [
  'chain_revoked',
  'access_deleted',
  'consent_deleted',
  'login_session_deleted',
  'client_deleted',
] as const;
export type RevocationKind = (typeof REVOCATION_KINDS)[number];

/** One that may have been a revocation, however often it was noted. */
export interface NotedRevocation {
  readonly kind: RevocationKind;
  /** Chain: request_id; access token: signature; consent: challenge; login session and client: id. */
  readonly key: string;
  /** Whether it was one, by what is on the source now: a rotation ends a token too, and leaves another that is active or newer. */
  readonly revoked: boolean;
}

/**
 * Whether `noted`, a row of `hydra_cutover.revocation`, was a revocation. In other words than the sync's own judgement
 * (`hydra/sync/ledger.ts`), on purpose: what one of the two gets wrong the other one does not.
 */
const REVOKED_SQL = `CASE noted.kind
  WHEN 'chain_revoked' THEN NOT COALESCE(
    (SELECT bool_or(token.active) FROM hydra_oauth2_refresh AS token WHERE token.request_id = noted.request_id), false)
  WHEN 'access_deleted' THEN COALESCE(
    (SELECT max(token.requested_at) FROM hydra_oauth2_access AS token WHERE token.request_id = noted.request_id)
      < noted.requested_at::timestamp, true)
    -- A rotation stays one although the token that came with it was ended later: that one was noted then, and is judged itself.
    AND NOT (noted.rotated_at IS NOT NULL AND EXISTS (
      SELECT 1 FROM hydra_cutover.revocation AS later
       WHERE later.kind = 'access_deleted' AND later.request_id = noted.request_id AND later.key <> noted.key
         AND later.id > noted.id AND later.requested_at::timestamp >= noted.requested_at::timestamp))
  ELSE true END`;

/**
 * One page of what may have been a revocation, by kind and key. Complete only once nothing writes any more.
 *
 * @param from names Hydra's tables in full: see `byFullName`
 */
export function readNoted(
  from: SqlClient,
  after: { readonly kind: string; readonly key: string },
  limit: number,
): Promise<NotedRevocation[]> {
  return queryRows(
    from,
    `SELECT kind, key, bool_or(${REVOKED_SQL}) AS revoked FROM hydra_cutover.revocation AS noted
      WHERE (kind, key) > ($1, $2) GROUP BY kind, key ORDER BY kind, key LIMIT $3`,
    [after.kind, after.key, limit],
  );
}

/**
 * Forgets what the sync took for a rotation a while ago, and what is none of a revocation by {@link REVOKED_SQL} either: there are as
 * many as there are rotations.
 *
 * @param from as in {@link readNoted}
 * @returns how many it forgot; more may be left
 */
export async function pruneRotations(
  from: SqlClient,
  olderThanMs: number,
  limit: number,
  keeper: SqlClient,
): Promise<number> {
  const rows = await queryRows<{ id: string }>(
    from,
    `SELECT id::text AS id FROM hydra_cutover.revocation AS noted
      WHERE rotated_at < clock_timestamp() - $1 * interval '1 millisecond' AND NOT ${REVOKED_SQL} LIMIT $2`,
    [olderThanMs, limit],
  );
  if (rows.length === 0) return 0;
  const ids = rows.map(({ id }) => id);
  const { rowCount } = await keeper.query(
    'DELETE FROM hydra_cutover.revocation WHERE id = ANY ($1::bigint[]) AND rotated_at IS NOT NULL',
    [ids],
  );
  return rowCount ?? 0;
}
