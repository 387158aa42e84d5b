import { type SqlClient } from '../domain/ports/sql-client';

export type Level = 'READ COMMITTED' | 'REPEATABLE READ';

export interface Transactions {
  /** As it is printed. */
  readonly what: string;
  /** What each session prepares once, as drivers do. */
  readonly prepare: string;
  /** @returns one transaction of the session */
  one: (session: number, number: number, level: Level) => string;
}

/** So many refreshes follow each other in one chain, whose inactive rows each of them writes once more. */
const CHAIN = 10;
/** About what 1.11.10 stores of a session, encrypted. */
const SESSION_DATA_BYTES = 1_100;

const COLUMNS = `(signature, request_id, requested_at, client_id, scope, granted_scope, form_data, session_data, subject, active,
  requested_audience, granted_audience)`;
const values = (kind: string) =>
  `VALUES ('${kind}' || $1, $2, now(), 'bench', 'openid', 'openid', '', repeat('s', ${SESSION_DATA_BYTES}), 's', true, '', '')`;

/**
 * What Hydra 1.11.10 sends to refresh a token, read from its connection: REPEATABLE READ is its own, the statements are prepared.
 * It looks for the token once more before the transaction, and that is left out.
 */
export const REFRESHES: Transactions = {
  what: 'refreshes',
  prepare: `PREPARE look (text) AS SELECT * FROM hydra_oauth2_refresh WHERE signature = $1 LIMIT 1;
    PREPARE take (text) AS DELETE FROM hydra_oauth2_access WHERE request_id = $1;
    PREPARE used (text) AS UPDATE hydra_oauth2_refresh SET active = false WHERE request_id = $1;
    PREPARE access (text, text) AS INSERT INTO hydra_oauth2_access ${COLUMNS} ${values('a')};
    PREPARE refresh (text, text) AS INSERT INTO hydra_oauth2_refresh ${COLUMNS} ${values('r')};`,
  one: (session, number, level) => {
    const chain = `'${session}-${Math.floor(number / CHAIN)}'`;
    const token = `'${session}-${number}'`;
    return (
      `BEGIN ISOLATION LEVEL ${level}; EXECUTE look ('r${session}-${number - 1}'); EXECUTE take (${chain}); EXECUTE used (${chain}); ` +
      `EXECUTE access (${token}, ${chain}); EXECUTE refresh (${token}, ${chain}); COMMIT;`
    );
  },
};

/** The least that a guard can be added to: one row of its own for each session. */
export const SINGLE_UPDATES: Transactions = {
  what: 'single updates',
  prepare: 'PREPARE one (int) AS UPDATE hydra_bench SET n = n + 1 WHERE id = $1;',
  one: (session, _number, level) => `BEGIN ISOLATION LEVEL ${level}; EXECUTE one (${session + 1}); COMMIT;`,
};

/** @param sessions the most that there will be */
export async function makeTables(ours: SqlClient, sessions: number): Promise<void> {
  await ours.query(`CREATE TABLE hydra_bench (id int PRIMARY KEY, n int NOT NULL) WITH (fillfactor = 50);
    INSERT INTO hydra_bench SELECT i, 0 FROM generate_series(1, ${sessions}) i;
    INSERT INTO hydra_client (id, client_name, client_secret, redirect_uris, grant_types, response_types, scope, owner, policy_uri,
      tos_uri, client_uri, logo_uri, contacts, sector_identifier_uri, jwks, jwks_uri, request_uris, allowed_cors_origins, audience, metadata)
    VALUES ('bench', '', '', '', '', '', '', '', '', '', '', '', '', '', '{}', '', '', '', '', '{}')`);
}

/** What the sessions have written grows with what they could; each measurement begins with as little. */
export async function emptyTables(ours: SqlClient): Promise<void> {
  await ours.query('TRUNCATE hydra_oauth2_access, hydra_oauth2_refresh');
}
