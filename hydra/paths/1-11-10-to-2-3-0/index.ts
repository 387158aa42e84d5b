import { sqlFile } from '../../sql-file';
import { type CopyPath } from '../copy-path';
import { CAPTURED_TABLES } from './captured-tables';
import { CARRIED_TABLES } from './carried-tables';
import { CLEANING, createRowFunctions } from './cleaning/rules';
import { SOURCE_CONSENTS } from './consents';
import { EXPECTED_DIFFERENCES } from './expected-differences';
import { countDamagedFlows } from './fixups/count-damaged-flows';
import { repairStates } from './fixups/repair-states';
import { readUnderWay } from './under-way';

/** Four tables of logins and consents become one, and what 1.x leaves behind in its data is cleaned on the way. */
export const FROM_1_11_10_TO_2_3_0: CopyPath = {
  from: '1.11.10',
  to: '2.3.0',
  captured: CAPTURED_TABLES,
  tables: CARRIED_TABLES,
  prepareSource: async (client) => {
    await createRowFunctions(client);
    await client.query(sqlFile(__dirname, 'rows/functions.sql'));
  },
  marks: { has: 'hydra_oauth2_authentication_request_handled', lacks: 'hydra_oauth2_flow' },
  cleaning: CLEANING,
  fixups: [{ id: 'states', apply: repairStates, count: countDamagedFlows }],
  tiesSql: `
    SELECT login_challenge AS login, challenge AS consent FROM hydra_oauth2_consent_request WHERE challenge = ANY($2::text[])
     UNION
     SELECT login_challenge, challenge FROM hydra_oauth2_consent_request WHERE login_challenge = ANY($1::text[])`,
  begunRequests: [
    { table: 'hydra_oauth2_authentication_request', of: 'login' },
    { table: 'hydra_oauth2_consent_request', of: 'consent' },
  ],
  unreadableSql: sqlFile(__dirname, 'unreadable-consents.sql'),
  slowLoginsSql: sqlFile(__dirname, 'slow-logins.sql'),
  clientOriginsSql: sqlFile(__dirname, 'client-origins.sql'),
  consents: SOURCE_CONSENTS,
  underWay: readUnderWay,
  differences: EXPECTED_DIFFERENCES,
};
