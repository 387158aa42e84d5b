import { type SqlClient, queryRows } from '../../domain/ports/sql-client';
import { type CopyPath } from '../paths/copy-path';
import { type FlowKeys } from './flow-plan';
import { type NamedKeys } from './log-keys';

/** Rows that belong to what the log names: on the target as it is, on the source in the round's snapshot. */
export interface Closure {
  /** Every flow of the target with one of the keys. */
  readonly flows: readonly FlowKeys[];
  readonly named: NamedKeys<'closed'>;
}

/** What `closeOverTies` and `closeOverFlows` add to. */
type Names = Pick<NamedKeys, 'logins' | 'consents' | 'tied'>;

export const sizeOf = ({ logins, consents }: Pick<Names, 'logins' | 'consents'>): number => logins.size + consents.size;

/** Names on the source every consent of a login that is named, and the login of every consent, in the caller's snapshot. Adds to `named`. */
export async function closeOverTies(
  { tiesSql }: CopyPath,
  from: SqlClient,
  { logins, consents, tied }: Names,
): Promise<void> {
  for (;;) {
    const before = sizeOf({ logins, consents });
    for (const row of await readTies(tiesSql, from, logins, consents)) {
      consents.add(row.consent);
      if (row.login === null) continue;
      logins.add(row.login);
      tied.add(row.consent);
    }
    if (sizeOf({ logins, consents }) === before) return;
  }
}

/**
 * Follows the ties between logins and consents on both sides until nothing new turns up, so that a flow is never judged by half
 * of its keys: a consent's login may be gone on the source, a login may have another consent than the target knows.
 *
 * Adds to `named`, whose ties on the source were followed.
 *
 * @param seen what {@link readFlowKeys} has said of just these names
 */
export async function closeOverFlows(
  path: CopyPath,
  from: SqlClient,
  to: SqlClient,
  named: NamedKeys<'with tokens'>,
  seen?: readonly FlowKeys[],
): Promise<Closure> {
  for (let known = seen; ; known = undefined) {
    const flows = known ?? (await readFlowKeys(to, named));
    const before = sizeOf(named);
    for (const { login, consent } of flows) {
      named.logins.add(login);
      if (consent !== null) named.consents.add(consent);
    }
    if (sizeOf(named) === before) return { flows, named: named as NamedKeys as NamedKeys<'closed'> };
    await closeOverTies(path, from, named);
  }
}

export async function readFlowKeys(
  to: SqlClient,
  { logins, consents }: Pick<Names, 'logins' | 'consents'>,
): Promise<readonly FlowKeys[]> {
  if (logins.size + consents.size === 0) return [];
  return queryRows<FlowKeys>(
    to,
    `SELECT login_challenge AS login, consent_challenge_id AS consent FROM hydra_oauth2_flow
      WHERE login_challenge = ANY($1::text[])
     UNION
     SELECT login_challenge, consent_challenge_id FROM hydra_oauth2_flow WHERE consent_challenge_id = ANY($2::text[])`,
    [[...logins], [...consents]],
  );
}

async function readTies(
  sql: string,
  from: SqlClient,
  logins: Set<string>,
  consents: Set<string>,
): Promise<{ login: string | null; consent: string }[]> {
  if (logins.size + consents.size === 0) return [];
  return queryRows(from, sql, [[...logins], [...consents]]);
}
