import { capturedTables } from '../captured-tables';

/** The tables of Hydra 1.11.10 that carry state. */
export const CAPTURED_TABLES = capturedTables([
  {
    table: 'hydra_oauth2_authentication_request',
    key: ['challenge'],
    relations: ['login_session_id', 'client_id'],
    flow: { login: 'challenge', begins: 'login' },
  },
  {
    table: 'hydra_oauth2_authentication_request_handled',
    key: ['challenge'],
    relations: [],
    flow: { login: 'challenge' },
  },
  {
    table: 'hydra_oauth2_consent_request',
    key: ['challenge'],
    // Both are set to null when a login session goes; only the old values still lead to the login.
    relations: ['login_challenge', 'login_session_id', 'client_id'],
    flow: { consent: 'challenge', login: 'login_challenge', begins: 'consent' },
  },
  {
    table: 'hydra_oauth2_consent_request_handled',
    key: ['challenge'],
    relations: [],
    flow: { consent: 'challenge' },
    revokes: { what: 'consent', by: 'challenge', when: `OLD.error OPERATOR(pg_catalog.=) '{}'` },
  },
]);
