import { HYDRA_VERSION_FACTS, hidingVersions } from '../../versions';
import { type CopyPath } from '../copy-path';
import { CAPTURED_TABLES } from './captured-tables';
import { CARRIED_TABLES } from './carried-tables';
import { SOURCE_CONSENTS } from './consents';
import { EXPECTED_DIFFERENCES } from './expected-differences';

const [FROM, TO] = [HYDRA_VERSION_FACTS['2.2.0'], HYDRA_VERSION_FACTS['2.3.0']];
const HIDING = hidingVersions(FROM.migrations, TO.migrations).join(',');

/** Six migrations: nine columns more, all empty, and five indexes less. Nothing in the data stands in their way. */
export const FROM_2_2_0_TO_2_3_0: CopyPath = {
  from: '2.2.0',
  to: '2.3.0',
  captured: CAPTURED_TABLES,
  readBesides: ['networks'],
  tables: CARRIED_TABLES,
  prepareSource: async () => undefined,
  marks: { has: 'hydra_oauth2_flow' },
  cleaning: {
    rules: {
      M01: {
        title: 'migration versions that would hide pending migrations',
        kind: 'refuse',
        fix: 'remove these rows from schema_migration: the migration would skip its own steps of that name',
      },
    },
    detectSql: () =>
      `SELECT 'schema_migration' AS table_name, version AS key FROM schema_migration WHERE version = ANY ('{${HIDING}}'::text[])`,
    fixSql: (id) => {
      throw new Error(`rule ${id} has no fix`);
    },
    prepare: async () => undefined,
    tables: [],
  },
  fixups: [],
  tiesSql: `
    SELECT login_challenge AS login, consent_challenge_id AS consent FROM hydra_oauth2_flow WHERE consent_challenge_id = ANY($2::text[])
     UNION
    SELECT login_challenge, consent_challenge_id FROM hydra_oauth2_flow
     WHERE login_challenge = ANY($1::text[]) AND consent_challenge_id IS NOT NULL`,
  // They live in the browser alone: a gateway knows them by their form.
  begunRequests: [],
  clientOriginsSql: `
    SELECT origin, array_agg(id ORDER BY id) AS clients
      FROM (SELECT client.id::text AS id, jsonb_array_elements_text(client.allowed_cors_origins) AS origin
              FROM hydra_client AS client WHERE jsonb_typeof(client.allowed_cors_origins) = 'array') AS allowed
     GROUP BY origin ORDER BY origin`,
  consents: SOURCE_CONSENTS,
  // The database does not know what is under way.
  underWay: async () => [],
  differences: EXPECTED_DIFFERENCES,
};
