import { type SqlClient, queryRows } from '../../../../domain/ports/sql-client';

/** @returns how many flows have the state of an error and none of the errors: what `repairStates` fixes */
export async function countDamagedFlows(client: SqlClient): Promise<number> {
  const [row] = await queryRows<{ damaged: number }>(
    client,
    `SELECT count(*)::float8 AS damaged FROM hydra_oauth2_flow
      WHERE (state = 128 AND coalesce(login_error, '{}') IN ('{}', ''))
         OR (state = 129 AND coalesce(consent_error, '{}') IN ('{}', ''))`,
  );
  return row?.damaged ?? 0;
}
