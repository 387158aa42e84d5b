import { type SqlClient, queryRows } from '../../domain/ports/sql-client';

export const REVOCATION_KINDS = [
  'chain_revoked',
  'access_deleted',
  'consent_deleted',
  'login_session_deleted',
  'client_deleted',
] as const;
export type RevocationKind = (typeof REVOCATION_KINDS)[number];

export interface Revocation {
  readonly id: number;
  readonly kind: RevocationKind;
  /** Chain: request_id; access token: signature; consent: challenge; login session and client: id. */
  readonly key: string;
  readonly requestId: string | null;
  /** ISO-8601, blue's clock. */
  readonly at: string;
}

/**
 * One page of what blue captured, by id. Ids are not in commit order: a page is complete only once nothing writes any more.
 *
 * @param afterId 0 for the first page
 */
export function readRevocations(client: SqlClient, afterId: number, limit: number): Promise<Revocation[]> {
  return queryRows(
    client,
    `SELECT id::float8 AS id, kind, key, request_id AS "requestId", to_jsonb(at) #>> '{}' AS at
       FROM hydra_cutover.revocation WHERE id > $1 ORDER BY id LIMIT $2`,
    [afterId, limit],
  );
}
