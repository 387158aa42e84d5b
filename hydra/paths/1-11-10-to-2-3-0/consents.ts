import { type SourceConsents } from '../copy-path';

/** `listed` is what `FindSubjectsGrantedConsentRequests` asks for. Source: Hydra v1.11.10, persistence/sql/persister_consent.go. */
export const SOURCE_CONSENTS: SourceConsents = {
  table: 'hydra_oauth2_consent_request',
  condition: 'true',
  present: `
    SELECT challenge AS id, r.login_challenge AS "loginChallenge", r.login_session_id AS "loginSession"
      FROM hydra_oauth2_consent_request_handled h JOIN hydra_oauth2_consent_request r USING (challenge) WHERE challenge = ANY($1)`,
  listed: `
    SELECT r.subject, json_agg(json_build_object('consentId', r.challenge, 'clientId', r.client_id)) AS consents
      FROM hydra_oauth2_consent_request r JOIN hydra_oauth2_consent_request_handled h USING (challenge)
     WHERE r.subject = ANY($1) AND NOT r.skip AND h.error = '{}'
       AND (h.remember_for <= 0
            OR h.requested_at > (clock_timestamp() AT TIME ZONE 'UTC') - h.remember_for * interval '1 second')
     GROUP BY r.subject`,
};
