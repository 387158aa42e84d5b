import { sqlFile } from '../../sql-file';
import { type OneByOne, rowsOfSource } from '../../transform/selection';
import { TABLES_2_3_0 } from '../../versions/tables-2-3-0';
import { type CarriedTable, type CarriedTableName, type TableWalk, type TargetTable } from '../copy-path';
import { FLOW_ROWS } from './flow-rows';

const RANDOM_PK = { pk: 'gen_random_uuid()' } as const;

const OF_TOKENS = [['signature'], ['request_id'], ['challenge_id'], ['client_id']] as const;

/** What is not by its key alone. */
const PARTICULAR: Readonly<Partial<Record<CarriedTableName, Partial<CarriedTable>>>> = {
  hydra_client: { filled: RANDOM_PK },
  hydra_jwk: { filled: RANDOM_PK, selectableBy: [['sid', 'kid'], ['sid']] },
  hydra_oauth2_trusted_jwt_bearer_issuer: { selectableBy: [['id'], ['key_set', 'key_id']] },
  hydra_oauth2_obfuscated_authentication_session: { selectableBy: [['subject', 'client_id'], ['client_id']] },
  hydra_oauth2_flow: {
    selectableBy: [['login_challenge'], ['consent_challenge_id'], ['login_challenge', 'consent_challenge_id']],
    rows: FLOW_ROWS,
    walks: flowWalks(),
  },
  hydra_oauth2_logout_request: { selectableBy: [['challenge'], ['client_id']] },
  hydra_oauth2_code: { selectableBy: OF_TOKENS },
  hydra_oauth2_pkce: { selectableBy: OF_TOKENS },
  hydra_oauth2_oidc: { selectableBy: OF_TOKENS },
  hydra_oauth2_access: { selectableBy: OF_TOKENS },
  hydra_oauth2_refresh: { selectableBy: OF_TOKENS },
};

/** Tables of 2.3.0, and how their rows are made of those of 1.11.10: cleaned, migrated and repaired in one SELECT. */
export const CARRIED_TABLES: readonly CarriedTable[] = TABLES_2_3_0.map((table: TargetTable) => ({
  filled: {},
  selectableBy: [table.key],
  rows: rowsOfSource((selected, oneByOne) => tableSql(table, selected, oneByOne)),
  unreadable:
    'session claims that are no JSON; correct session_access_token and session_id_token in hydra_oauth2_consent_request_handled on blue (rule J03-stop of plan counts such rows)',
  ...table,
  ...PARTICULAR[table.name],
}));

/**
 * A login challenge may be of our own making, which blue has no index on, so that flows with a consent are found by it, and only the
 * others by their login.
 */
function flowWalks(): readonly TableWalk[] {
  return [
    {
      name: 'hydra_oauth2_flow by consent',
      by: 'consent_challenge_id',
      source: { table: 'hydra_oauth2_consent_request', column: 'challenge' },
    },
    {
      name: 'hydra_oauth2_flow by login',
      by: 'login_challenge',
      only: 'source.consent_challenge_id IS NULL',
      source: { table: 'hydra_oauth2_authentication_request', column: 'challenge' },
    },
  ];
}

function tableSql(table: TargetTable, selected: string, oneByOne: OneByOne): string {
  const isToken = 'session_data' in table.columns;
  const file = isToken ? 'token' : table.name;
  return sqlFile(__dirname, `rows/${file}.sql`, {
    selected,
    ...(isToken ? { table: table.name } : {}),
    ...(JOINING.has(file) ? { one_by_one: oneByOne } : {}),
  });
}

/** Files with rows of other tables beside their own. */
const JOINING: ReadonlySet<string> = new Set([
  'token',
  'hydra_oauth2_logout_request',
  'hydra_oauth2_obfuscated_authentication_session',
]);
