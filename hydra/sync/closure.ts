import { type SqlClient, queryRows } from '../../domain/ports/sql-client';
import { type CopyPath } from '../paths/copy-path';
import { type FlowKeys } from './flow-plan';
import { type NamedKeys } from './log-keys';

/** Rows that belong to what the log names: on green as it is, on blue in the round's snapshot. */
export interface Closure {
  /** Every flow of green with one of the keys. */
  readonly flows: readonly FlowKeys[];
  readonly named: NamedKeys<'closed'>;
}

/**
 * Follows the ties between logins and consents on both sides until nothing new turns up, so that a flow is never judged by half
 * of its keys: a consent's login may be gone on blue, a login may have another consent than green knows.
 *
 * Adds to `named`.
 */
export async function closeOverFlows(
  { tiesSql }: CopyPath,
  blue: SqlClient,
  green: SqlClient,
  named: NamedKeys<'with tokens'>,
): Promise<Closure> {
  const { logins, consents } = named;
  for (;;) {
    const flows = await readFlows(green, logins, consents);
    for (const { login, consent } of flows) {
      logins.add(login);
      if (consent !== null) consents.add(consent);
    }
    const before = logins.size + consents.size;
    for (const row of await readTies(tiesSql, blue, logins, consents)) {
      consents.add(row.consent);
      if (row.login !== null) logins.add(row.login);
    }
    if (logins.size + consents.size === before) return { flows, named: named as NamedKeys as NamedKeys<'closed'> };
  }
}

async function readFlows(green: SqlClient, logins: Set<string>, consents: Set<string>): Promise<FlowKeys[]> {
  if (logins.size + consents.size === 0) return [];
  return queryRows<FlowKeys>(
    green,
    `SELECT login_challenge AS login, consent_challenge_id AS consent FROM hydra_oauth2_flow
      WHERE login_challenge = ANY($1::text[])
     UNION
     SELECT login_challenge, consent_challenge_id FROM hydra_oauth2_flow WHERE consent_challenge_id = ANY($2::text[])`,
    [[...logins], [...consents]],
  );
}

async function readTies(
  sql: string,
  blue: SqlClient,
  logins: Set<string>,
  consents: Set<string>,
): Promise<{ login: string | null; consent: string }[]> {
  if (logins.size + consents.size === 0) return [];
  return queryRows(blue, sql, [[...logins], [...consents]]);
}
