import { type KnownMember } from '../../domain/known-gateways';
import { type SqlClient, queryRows } from '../../domain/ports/sql-client';

/** Whether a member may still send reads to this side, which was left for `epoch`. Not known here: it never held for it. */
export async function mayReadHere(client: SqlClient, member: string, epoch: number): Promise<boolean> {
  const sql = 'SELECT hydra_cutover.may_read_here($1::uuid, $2) AS may';
  const [row] = await queryRows<{ may: boolean }>(client, sql, [member, epoch]);
  return row?.may !== false;
}

/** @returns how many members of that name, whose leases are over, are forgotten: on the word of a person that they are gone */
export async function forgetMember(client: SqlClient, name: string): Promise<number> {
  const sql = 'SELECT hydra_cutover.forget_member($1) AS forgotten';
  const [row] = await queryRows<{ forgotten: number }>(client, sql, [name]);
  return row?.forgotten ?? 0;
}

export const MEMBERS_SQL = `SELECT member::text, name, lease_until > clock_timestamp() AS "isAlive",
            (extract(epoch FROM clock_timestamp() - lease_until) * 1000)::float8 AS "silentMs", bound_epoch::float8 AS "boundEpoch",
            COALESCE(hydra_cutover.is_beating(rival), false) AS "isDoubled"
       FROM hydra_cutover.member ORDER BY name, member`;

/** Gateways that are or were members here. */
export function readMembers(client: SqlClient): Promise<KnownMember[]> {
  return queryRows<KnownMember>(client, MEMBERS_SQL);
}
