import { type SqlClient, queryRows } from '../../domain/ports/sql-client';
import { type SourceConsents } from '../paths/copy-path';

/** A consent, as far as it says whose it is. */
export interface ListedConsent {
  readonly consentId: string;
  readonly clientId: string;
}

/** Whence a consent came, as the source knows it. */
export interface ConsentOrigin {
  readonly loginChallenge: string | null;
  readonly loginSession: string | null;
}

/** @returns those of these consents that the source has rows of, by id */
export async function consentOrigins(
  { present: sql }: SourceConsents,
  from: SqlClient,
  ids: readonly string[],
): Promise<ReadonlyMap<string, ConsentOrigin>> {
  if (ids.length === 0) return new Map();
  const rows = await queryRows<ConsentOrigin & { id: string }>(from, sql, [ids]);
  return new Map(rows.map(({ id, ...origin }) => [id, origin]));
}

/** @returns which of these sessions of users the target has: the others are over */
export function sessionsIn(to: SqlClient, ids: readonly string[]): Promise<Set<string>> {
  return present(to, 'SELECT id FROM hydra_oauth2_authentication_session WHERE id = ANY($1)', ids);
}

/** @returns which of these consents the target has rows of that are not expired: what it must list, whatever their other columns say */
export function validConsentsIn(to: SqlClient, ids: readonly string[]): Promise<Set<string>> {
  return present(
    to,
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

/** @returns whether the source has a key of a set that the target, which stays as it was, has not: somebody rotated meanwhile */
export async function keySetsRotatedBetween(from: SqlClient, to: SqlClient, set: string): Promise<boolean> {
  const sql = `SELECT kid || ' ' || created_at AS id FROM hydra_jwk WHERE sid = $1`;
  const [now, then] = [
    await queryRows<{ id: string }>(from, sql, [set]),
    await queryRows<{ id: string }>(to, sql, [set]),
  ];
  const known = new Set(then.map(({ id }) => id));
  return now.some(({ id }) => !known.has(id));
}

/** Consents of these subjects that the source's Hydra lists now, by subject, with their clients. */
export async function listedConsents(
  { listed }: SourceConsents,
  from: SqlClient,
  subjects: readonly string[],
): Promise<ReadonlyMap<string, readonly ListedConsent[]>> {
  const rows = await queryRows<{ subject: string; consents: ListedConsent[] }>(from, listed, [subjects]);
  return new Map(rows.map(({ subject, consents }) => [subject, consents]));
}

/** @returns which of these subjects have a row on the target that could be a consent, whatever Hydra says of it */
export function subjectsWithConsents(to: SqlClient, subjects: readonly string[]): Promise<Set<string>> {
  return present(
    to,
    `SELECT DISTINCT subject AS id FROM hydra_oauth2_flow WHERE subject = ANY($1) AND consent_challenge_id IS NOT NULL`,
    subjects,
  );
}

async function present(client: SqlClient, sql: string, ids: readonly string[]): Promise<Set<string>> {
  if (ids.length === 0) return new Set();
  const rows = await queryRows<{ id: string }>(client, sql, [ids]);
  return new Set(rows.map(({ id }) => id));
}
