import { type SqlClient } from '../../../../domain/ports/sql-client';
import { sqlFile } from '../../../sql-file';
import { HYDRA_VERSION_FACTS, hidingVersions } from '../../../versions';
import { type Cleaning, type CleaningRule } from '../../copy-path';

/**
 * Everything in the data of 1.11.10 that its migration to 2.x stumbles over or loses, in the order in which it is cleaned.
 *
 * The rules count disjoint things: what one rule's fix makes or removes is no other rule's business, so the counts of a dry run
 * are what the cleaning then does. `refuse`: nobody but a person can decide, and nothing is changed while one of them counts a row.
 *
 * Source: docs/hydra/facts.md, "Rows that the migration refuses or loses" and "Consents without a login request". F05 and F06 are what a database has
 * whose foreign keys were off for a while.
 */
const RULES = {
  F01: {
    title: 'rows of a client that does not exist',
    kind: 'clean',
    fix: 'deleted, as 1.x does with the rows of a deleted client',
    removes: true,
  },
  F05: {
    title: 'login and consent requests of a login session that does not exist',
    kind: 'clean',
    fix: 'they belong to no session, as 1.x does with consents of a deleted one',
  },
  F06: {
    title: 'trusted issuers of a key that does not exist',
    kind: 'clean',
    fix: 'deleted, as 1.x does with the issuers of a deleted key',
    removes: true,
  },
  C03: {
    title: 'unanswered consent requests whose login is gone or unanswered',
    kind: 'clean',
    fix: 'deleted; no token can belong to them',
    removes: true,
  },
  C01: {
    title: 'surplus consent requests on one login request',
    kind: 'clean',
    fix: 'the newest keeps the login; answered others get a login request of their own, unanswered ones are deleted',
    removes: true,
  },
  C02: {
    title: 'consents without login request',
    kind: 'clean',
    fix: 'each gets a login request of its own, made from the consent',
  },
  C03b: {
    title: 'answered consents whose login has no answer',
    kind: 'clean',
    fix: 'the login gets an answer, made from the consent',
  },
  S01: {
    title: 'login requests without the subject that logged in',
    kind: 'clean',
    fix: 'the subject is copied from the answer',
  },
  J01: {
    title: 'OpenID context that is no JSON for PostgreSQL, or has numbers beyond 1e±999',
    kind: 'clean',
    fix: 'NUL escapes go, half surrogates become U+FFFD, numbers beyond 1e±999 become text; what is empty or no JSON at all becomes {}',
  },
  J02: {
    title: 'login context that is no JSON for PostgreSQL, or has numbers beyond 1e±999',
    kind: 'clean',
    fix: 'NUL escapes go, half surrogates become U+FFFD, numbers beyond 1e±999 become text; what is empty or no JSON at all becomes {}',
  },
  J03: {
    title: 'session claims that are no JSON for PostgreSQL',
    kind: 'clean',
    fix: 'empty becomes {}, NUL escapes go, half surrogates become U+FFFD, numbers beyond numeric become text',
  },
  J04: {
    title:
      'client lists that the migration would refuse or read differently: escapes, bars inside elements, empty elements',
    kind: 'clean',
    fix: 'written so that 2.x reads the elements that 1.x reads',
  },
  J05: {
    title:
      'request lists that the migration would refuse or read differently: escapes, bars inside elements, empty elements',
    kind: 'clean',
    fix: 'written so that 2.x reads the elements that 1.x reads',
  },
  'J03-stop': {
    title: 'session claims that are no JSON at all',
    kind: 'refuse',
    fix: 'correct session_access_token and session_id_token on blue; clients see these claims',
  },
  F02: {
    title: 'foreign keys that the migration expects by name',
    kind: 'refuse',
    fix: 'create hydra_oauth2_<table>_challenge_id_fk again: FOREIGN KEY (challenge_id) REFERENCES hydra_oauth2_consent_request_handled (challenge) ON DELETE CASCADE',
  },
  F03: {
    title: 'the unique constraint of trusted issuers, expected by name',
    kind: 'refuse',
    fix: 'rename it to hydra_oauth2_trusted_jwt_bearer_issue_issuer_subject_key_id_key',
  },
  F04: {
    title: 'JSON Web Keys that exist twice',
    kind: 'refuse',
    fix: 'delete the row that is not in use and create the unique index on hydra_jwk (sid, kid) again',
  },
  N01: {
    title: 'a table `networks` that is not of this migration',
    kind: 'refuse',
    fix: 'another Ory product, such as Kratos or Keto, shares the schema: give Hydra a schema or database of its own; nothing has to be restored',
  },
  N02: {
    title: 'the first migration of 2.x is marked as applied',
    kind: 'refuse',
    fix: 'drop the table `networks` and its row in schema_migration; the migration makes both',
  },
  M01: {
    title: 'migration versions that would hide pending migrations of 2.x',
    kind: 'refuse',
    fix: 'if no 2.x ever migrated this database, remove these rows from schema_migration: 2.x would skip its own migrations of that name',
  },
} as const satisfies Record<string, CleaningRule>;

const USES_CONSENTS = /^:consents$/m;
const USES_LOGINS = /^:synthetic_logins$/m;
const USES_SPECIAL = /~ :special /;
const USES_HIDING = /:hiding\b/;
/** Lists without any of this are read alike by both: a quick look before the functions that are exact. */
const SPECIAL_CHARACTERS = String.raw`'["\\[:cntrl:]]|^\[\]$|\|\||^\||\|$'`;

const [FROM, TO] = [HYDRA_VERSION_FACTS['1.11.10'], HYDRA_VERSION_FACTS['2.3.0']];
const HIDING = `'{${hidingVersions(FROM.migrations, TO.migrations).join(',')}}'::text[]`;

/**
 * The common table expressions that judge consent requests: `WITH … ranked`. A consent is judged beside the others of its login
 * request, so `among` has to let all of them through.
 *
 * @param among SQL condition on `consent`, a row of hydra_oauth2_consent_request
 * @param oneByOne `OFFSET 0` where few rows of large tables are asked for: each is looked up by its key, and no table is read whole
 */
export function consentsSql(among = consentsAmong('true'), oneByOne: '' | 'OFFSET 0' = ''): string {
  return sqlFile(__dirname, 'sql/consents.sql', { consents_among: among, one_by_one: oneByOne });
}

/** @returns what is judged of the consents that a condition on rows named `named` selects */
export function consentsAmong(condition: string): string {
  return `SELECT ${JUDGED_COLUMNS.map((column) => `named.${column}`).join(', ')}, named.ctid AS place
    FROM hydra_oauth2_consent_request AS named WHERE ${condition}`;
}

const JUDGED_COLUMNS = ['challenge', 'login_challenge', 'subject', 'requested_at', 'client_id'] as const;

function load(name: string): string {
  const text = sqlFile(__dirname, name);
  const parts = {
    ...(USES_CONSENTS.test(text) ? { consents: consentsSql() } : {}),
    ...(USES_LOGINS.test(text) ? { synthetic_logins: sqlFile(__dirname, 'sql/synthetic-logins.sql') } : {}),
    ...(USES_SPECIAL.test(text) ? { special: SPECIAL_CHARACTERS } : {}),
    ...(USES_HIDING.test(text) ? { hiding: HIDING } : {}),
  };
  return sqlFile(__dirname, name, parts);
}

/** Makes the functions that say what becomes of a row, in the session's temporary schema. */
export async function createRowFunctions(client: SqlClient): Promise<void> {
  await client.query(sqlFile(__dirname, 'sql/row-functions.sql'));
}

export const CLEANING: Cleaning = {
  rules: RULES,
  detectSql: (id) => load(`sql/${id}.detect.sql`),
  fixSql: (id) => load(`sql/${id}.fix.sql`),
  prepare: async (client) => {
    await createRowFunctions(client);
    await client.query(sqlFile(__dirname, 'sql/helpers.sql'));
  },
  tables: [
    'hydra_client',
    'hydra_oauth2_authentication_request',
    'hydra_oauth2_authentication_request_handled',
    'hydra_oauth2_consent_request',
    'hydra_oauth2_consent_request_handled',
    'hydra_oauth2_access',
    'hydra_oauth2_refresh',
    'hydra_oauth2_code',
    'hydra_oauth2_oidc',
    'hydra_oauth2_pkce',
    'hydra_oauth2_logout_request',
    'hydra_oauth2_obfuscated_authentication_session',
    'hydra_oauth2_trusted_jwt_bearer_issuer',
  ],
};
