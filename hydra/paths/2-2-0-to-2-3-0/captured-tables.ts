import { capturedTables } from '../captured-tables';

/**
 * The tables of 2.2.0 that carry state. A flow reaches its table only once its consent was granted: until then it lives encrypted in the
 * challenge, so that no row begins one.
 */
export const CAPTURED_TABLES = capturedTables([
  {
    table: 'hydra_oauth2_flow',
    key: ['login_challenge'],
    relations: ['consent_challenge_id', 'login_session_id', 'client_id'],
    flow: { login: 'login_challenge', consent: 'consent_challenge_id' },
    revokes: { what: 'consent', by: 'consent_challenge_id', when: 'OLD.consent_challenge_id IS NOT NULL' },
  },
]);
