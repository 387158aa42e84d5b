import { type SqlClient, queryRows } from '../../domain/ports/sql-client';
import { type SourceConsents } from '../paths/copy-path';

/** A consent, as far as it says whose it is. */
export interface ListedConsent {
  readonly consentId: string;
  readonly clientId: string;
}

/** Whence a consent came, as blue knows it. */
export interface ConsentOrigin {
  readonly loginChallenge: string | null;
  readonly loginSession: string | null;
}

/** @returns those of these consents that blue has rows of, by id */
export async function consentsInBlue(
  { present: sql }: SourceConsents,
  blue: SqlClient,
  ids: readonly string[],
): Promise<ReadonlyMap<string, ConsentOrigin>> {
  if (ids.length === 0) return new Map();
  const rows = await queryRows<ConsentOrigin & { id: string }>(blue, sql, [ids]);
  return new Map(rows.map(({ id, ...origin }) => [id, origin]));
}

/** @returns which of these sessions of users green has: the others are over */
export function sessionsInGreen(green: SqlClient, ids: readonly string[]): Promise<Set<string>> {
  return present(green, 'SELECT id FROM hydra_oauth2_authentication_session WHERE id = ANY($1)', ids);
}

/** @returns which of these consents green has rows of that are not expired: what it must list, whatever their other columns say */
export function consentsInGreen(green: SqlClient, ids: readonly string[]): Promise<Set<string>> {
  return present(
    green,
    `SELECT consent_challenge_id AS id FROM hydra_oauth2_flow WHERE consent_challenge_id = ANY($1)
        AND (coalesce(consent_remember_for, 0) <= 0
             OR requested_at > (clock_timestamp() AT TIME ZONE 'UTC') - consent_remember_for * interval '1 second')`,
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

/** @returns the names of all key sets of a side */
export async function keySets(client: SqlClient): Promise<readonly string[]> {
  const rows = await queryRows<{ sid: string }>(client, 'SELECT DISTINCT sid FROM hydra_jwk ORDER BY sid', []);
  return rows.map(({ sid }) => sid);
}

/** @returns whether blue has a key of a set that green, which stays as it was, has not: somebody rotated meanwhile */
export async function keySetsRotatedBetween(blue: SqlClient, green: SqlClient, set: string): Promise<boolean> {
  const sql = `SELECT kid || ' ' || created_at AS id FROM hydra_jwk WHERE sid = $1`;
  const [now, then] = [
    await queryRows<{ id: string }>(blue, sql, [set]),
    await queryRows<{ id: string }>(green, sql, [set]),
  ];
  const known = new Set(then.map(({ id }) => id));
  return now.some(({ id }) => !known.has(id));
}

/** Consents of these subjects that blue's Hydra lists now, by subject, with their clients. */
export async function listedOnBlue(
  { listed }: SourceConsents,
  blue: SqlClient,
  subjects: readonly string[],
): Promise<ReadonlyMap<string, readonly ListedConsent[]>> {
  const rows = await queryRows<{ subject: string; consents: ListedConsent[] }>(blue, listed, [subjects]);
  return new Map(rows.map(({ subject, consents }) => [subject, consents]));
}

/** @returns which of these subjects have a row on green that could be a consent, whatever Hydra says of it */
export function subjectsInGreen(green: SqlClient, subjects: readonly string[]): Promise<Set<string>> {
  return present(
    green,
    `SELECT DISTINCT subject AS id FROM hydra_oauth2_flow WHERE subject = ANY($1) AND consent_challenge_id IS NOT NULL`,
    subjects,
  );
}

async function present(client: SqlClient, sql: string, ids: readonly string[]): Promise<Set<string>> {
  if (ids.length === 0) return new Set();
  const rows = await queryRows<{ id: string }>(client, sql, [ids]);
  return new Set(rows.map(({ id }) => id));
}
