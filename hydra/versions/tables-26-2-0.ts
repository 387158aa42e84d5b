import { type CarriedTableName, type ColumnType, type TargetTable } from '../paths/copy-path';
import { TABLES_2_3_0 } from './tables-2-3-0';

/**
 * Columns that 26.2.0 has and 2.3.0 has not. All are empty in rows that were there before; `expires_at` of a flow is left out, because
 * PostgreSQL generates it.
 *
 * Source: docs/hydra/facts.md, "Hydra 26.2.0".
 */
export const ADDED_BY_26_2_0: Readonly<Partial<Record<CarriedTableName, Readonly<Record<string, ColumnType>>>>> = {
  hydra_client: {
    device_authorization_grant_id_token_lifespan: 'bigint',
    device_authorization_grant_access_token_lifespan: 'bigint',
    device_authorization_grant_refresh_token_lifespan: 'bigint',
  },
  hydra_oauth2_authentication_session: { expires_at: 'timestamp' },
  hydra_oauth2_flow: {
    device_challenge_id: 'text',
    device_code_request_id: 'text',
    device_verifier: 'text',
    device_csrf: 'text',
    device_was_used: 'boolean',
    device_handled_at: 'timestamp',
    device_error: 'text',
  },
  hydra_oauth2_refresh: { used_times: 'integer' },
};

/** What 26.2.0 keeps of what any other Hydra keeps, in the order of `CARRIED_TABLE_NAMES`. Codes of devices are its own. */
export const TABLES_26_2_0: readonly TargetTable[] = TABLES_2_3_0.map((table) => ({
  ...table,
  columns: { ...table.columns, ...ADDED_BY_26_2_0[table.name] },
}));
