import { type SqlClient, queryRows } from '../../domain/ports/sql-client';

/** @returns which of these consents blue (1.11.10) has rows of */
export function consentsInBlue(blue: SqlClient, ids: readonly string[]): Promise<Set<string>> {
  return present(
    blue,
    'SELECT challenge AS id FROM hydra_oauth2_consent_request_handled WHERE challenge = ANY($1)',
    ids,
  );
}

/** @returns which of these consents green (2.x) has rows of that are not expired: what it must list, whatever their other columns say */
export function consentsInGreen(green: SqlClient, ids: readonly string[]): Promise<Set<string>> {
  return present(
    green,
    `SELECT consent_challenge_id AS id FROM hydra_oauth2_flow WHERE consent_challenge_id = ANY($1)
        AND (coalesce(consent_remember_for, 0) <= 0
             OR requested_at + consent_remember_for * interval '1 second' > (clock_timestamp() AT TIME ZONE 'UTC'))`,
    ids,
  );
}

/** On either side. */
export function clientsIn(client: SqlClient, ids: readonly string[]): Promise<Set<string>> {
  return present(client, 'SELECT id FROM hydra_client WHERE id = ANY($1)', ids);
}

/** On either side. */
export function keysIn(client: SqlClient, kids: readonly string[]): Promise<Set<string>> {
  return present(client, 'SELECT kid AS id FROM hydra_jwk WHERE kid = ANY($1)', kids);
}

/**
 * Consents of these subjects that 1.11.10 lists now, by subject: what its `FindSubjectsGrantedConsentRequests` asks for.
 * Source: Hydra v1.11.10, persistence/sql/persister_consent.go.
 */
export async function listedOnBlue(
  blue: SqlClient,
  subjects: readonly string[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const rows = await queryRows<{ subject: string; ids: string[] }>(
    blue,
    `SELECT r.subject, array_agg(r.challenge) AS ids
       FROM hydra_oauth2_consent_request r JOIN hydra_oauth2_consent_request_handled h USING (challenge)
      WHERE r.subject = ANY($1) AND NOT r.skip AND h.error = '{}'
        AND (h.remember_for <= 0
             OR h.requested_at + h.remember_for * interval '1 second' > (clock_timestamp() AT TIME ZONE 'UTC'))
      GROUP BY r.subject`,
    [subjects],
  );
  return new Map(rows.map(({ subject, ids }) => [subject, ids]));
}

async function present(client: SqlClient, sql: string, ids: readonly string[]): Promise<Set<string>> {
  if (ids.length === 0) return new Set();
  const rows = await queryRows<{ id: string }>(client, sql, [ids]);
  return new Set(rows.map(({ id }) => id));
}
