import { client, type OddDatabase, some, UNFORCED } from './odd-database';

const OF_TOKENS = ['access', 'refresh', 'code', 'oidc', 'pkce'].map((name) => `hydra_oauth2_${name}`);

/** What stands in the rows. */
export const ODD_CONTENTS: readonly OddDatabase[] = [
  {
    name: 'ids with quotes, emoji and what looks like an escape',
    make: `${client(`E'cli"ent''s \\\\u0000 🐎 %s \\\\ $1'`)} ${client(`' '`)} ${client(`E'a\\tb\\nc'`)}
      UPDATE hydra_oauth2_refresh SET client_id = ' ' WHERE ${some('signature', 3)};
      UPDATE hydra_oauth2_consent_request SET client_id = E'a\\tb\\nc', subject = E'o''neil "\\\\u0000" 🐎' WHERE ${some('challenge', 3)};`,
  },
  {
    name: 'empty texts where others have NULL, and an empty id',
    make: `${client(`''`)} UPDATE hydra_client SET client_name = '', client_secret = '', scope = '', owner = '', metadata = '', jwks = '' WHERE id = '';
      UPDATE hydra_oauth2_consent_request SET subject = '', forced_subject_identifier = '', context = '', acr = '' WHERE ${some('challenge', 2)};
      UPDATE hydra_oauth2_access SET subject = '', requested_audience = NULL, form_data = '' WHERE ${some('signature', 2)};
      UPDATE hydra_oauth2_authentication_request SET oidc_context = '', requested_scope = '' WHERE ${some('challenge', 2)};`,
  },
  {
    name: 'texts of a megabyte',
    make: `UPDATE hydra_oauth2_refresh SET session_data = repeat('x', 1200000) WHERE signature IN (SELECT signature FROM hydra_oauth2_refresh ORDER BY 1 LIMIT 20);
      UPDATE hydra_oauth2_consent_request SET request_url = 'https://x/' || repeat('u', 1000000), context = '{"a":"' || repeat('y', 1000000) || '"}'
        WHERE challenge IN (SELECT challenge FROM hydra_oauth2_consent_request ORDER BY 1 LIMIT 10);
      UPDATE hydra_client SET jwks = '{"keys":[],"x":"' || repeat('k', 1000000) || '"}' WHERE id = (SELECT min(id) FROM hydra_client);`,
  },
  {
    name: 'times at the ends of what PostgreSQL knows',
    isTriedAlways: true,
    make: [
      'infinity',
      '-infinity',
      '4713-01-01 BC',
      '294276-12-31 23:59:59.999999',
      '1970-01-01 00:00:00.000001',
      '0044-03-15 BC',
      '1900-01-01 00:00:00',
    ]
      .map((at, n) =>
        [
          ...OF_TOKENS.map((table) => [table, 'requested_at', 'signature']),
          ['hydra_oauth2_authentication_request', 'requested_at', 'challenge'],
          ['hydra_oauth2_authentication_request', 'authenticated_at', 'challenge'],
          ['hydra_oauth2_consent_request', 'requested_at', 'challenge'],
          ['hydra_oauth2_consent_request_handled', 'handled_at', 'challenge'],
          ['hydra_oauth2_consent_request_handled', 'requested_at', 'challenge'],
          ['hydra_oauth2_authentication_request_handled', 'authenticated_at', 'challenge'],
          ['hydra_oauth2_authentication_session', 'authenticated_at', 'id'],
          ['hydra_client', 'created_at', 'id'],
        ]
          .map(
            ([table, column, key]) => `UPDATE ${table} SET ${column} = '${at}' WHERE abs(hashtext(${key})) % 9 = ${n};`,
          )
          .join('\n'),
      )
      .join('\n'),
  },
  {
    name: 'several consents of one login, and of one subject and client',
    make: `UPDATE hydra_oauth2_consent_request SET login_challenge = (SELECT min(challenge) FROM hydra_oauth2_authentication_request) WHERE ${some('challenge', 4)};
      UPDATE hydra_oauth2_consent_request SET subject = 'one', client_id = (SELECT min(id) FROM hydra_client);
      UPDATE hydra_oauth2_consent_request_handled SET remember = true, error = '{}', handled_at = '2026-01-01';`,
  },
  {
    name: 'rows whose parents are gone',
    isTriedAlways: true,
    make: `${UNFORCED}
      DELETE FROM hydra_client WHERE ${some('id', 4)}; DELETE FROM hydra_oauth2_consent_request WHERE ${some('challenge', 5)};
      DELETE FROM hydra_oauth2_consent_request_handled WHERE ${some('challenge', 6)}; DELETE FROM hydra_oauth2_authentication_request WHERE ${some('challenge', 7)};
      DELETE FROM hydra_oauth2_authentication_request_handled WHERE ${some('challenge', 5)}; DELETE FROM hydra_oauth2_authentication_session WHERE ${some('id', 3)};
      DELETE FROM hydra_jwk WHERE ${some('kid', 3)};`,
  },
  {
    name: 'a subject with 3,000 consents',
    make: `INSERT INTO hydra_oauth2_authentication_request SELECT (jsonb_populate_record(a, jsonb_build_object('challenge', md5('l' || n), 'verifier', md5('lv' || n), 'subject', 'busy'))).*
        FROM hydra_oauth2_authentication_request AS a, generate_series(1, 3000) AS n WHERE a.challenge = (SELECT max(challenge) FROM hydra_oauth2_authentication_request);
      INSERT INTO hydra_oauth2_consent_request SELECT (jsonb_populate_record(c, jsonb_build_object('challenge', md5('c' || n), 'verifier', md5('cv' || n), 'login_challenge', md5('l' || n), 'subject', 'busy'))).*
        FROM hydra_oauth2_consent_request AS c, generate_series(1, 3000) AS n WHERE c.challenge = (SELECT max(challenge) FROM hydra_oauth2_consent_request);
      INSERT INTO hydra_oauth2_consent_request_handled SELECT (jsonb_populate_record(h, jsonb_build_object('challenge', md5('c' || n)))).*
        FROM hydra_oauth2_consent_request_handled AS h, generate_series(1, 3000) AS n WHERE h.challenge = (SELECT max(challenge) FROM hydra_oauth2_consent_request_handled);`,
  },
  {
    name: 'JSON nested deeper than PostgreSQL reads, in what a login app gave',
    make: `UPDATE hydra_oauth2_consent_request SET context = repeat('[', 20000) || repeat(']', 20000) WHERE challenge = (SELECT min(challenge) FROM hydra_oauth2_consent_request);`,
  },
  {
    name: 'JSON nested deeper than PostgreSQL reads, in session claims',
    make: `UPDATE hydra_oauth2_consent_request_handled SET session_id_token = '{"a":' || repeat('[', 20000) || repeat(']', 20000) || '}' WHERE challenge = (SELECT min(challenge) FROM hydra_oauth2_consent_request_handled);`,
    refused: /J03-stop|session/,
  },
  {
    name: 'JSON of 100 levels',
    make: `UPDATE hydra_oauth2_consent_request SET context = repeat('[', 1000) || repeat(']', 1000);
      UPDATE hydra_oauth2_consent_request_handled SET session_id_token = '{"a":' || repeat('[', 1000) || repeat(']', 1000) || '}';`,
  },
  {
    name: 'bookkeeping of a long life: 14 digits beside 20',
    make: `INSERT INTO schema_migration (version) SELECT left(version, 14) FROM schema_migration WHERE version < '20190400000011'; CREATE TABLE schema_migration_pop_legacy (version varchar(14)); ALTER TABLE schema_migration_pop_legacy OWNER TO :owner;`,
  },
  {
    name: 'a migration that was never noted',
    make: `DELETE FROM schema_migration WHERE version = (SELECT max(version) FROM schema_migration);`,
    refused: /has 54 of the 55 migrations/,
  },
  {
    name: 'bookkeeping of a later Hydra',
    make: `INSERT INTO schema_migration (version) VALUES ('20250101000000000000');`,
    refused: /of a later Hydra|that no Hydra has/,
  },
  {
    name: 'bookkeeping with a line twice',
    make: `DROP INDEX schema_migration_version_idx; INSERT INTO schema_migration (version) SELECT max(version) FROM schema_migration;`,
    refused: /stand in several rows/,
  },
];
