import { type SourceConsents } from '../copy-path';

/** `listed` is what `FindSubjectsGrantedConsentRequests` asks for. Source: Hydra v2.2.0, persistence/sql/persister_consent.go. */
export const SOURCE_CONSENTS: SourceConsents = {
  table: 'hydra_oauth2_flow',
  condition: 'consent_challenge_id IS NOT NULL',
  present: `
    SELECT consent_challenge_id AS id, login_challenge AS "loginChallenge", login_session_id AS "loginSession"
      FROM hydra_oauth2_flow WHERE consent_challenge_id = ANY($1)`,
  listed: `
    SELECT subject, json_agg(json_build_object('consentId', consent_challenge_id, 'clientId', client_id)) AS consents
      FROM hydra_oauth2_flow
     WHERE subject = ANY($1) AND state IN (5, 6) AND NOT consent_skip AND consent_error = '{}'
       AND (coalesce(consent_remember_for, 0) <= 0
            OR requested_at > (clock_timestamp() AT TIME ZONE 'UTC') - consent_remember_for * interval '1 second')
     GROUP BY subject`,
};
