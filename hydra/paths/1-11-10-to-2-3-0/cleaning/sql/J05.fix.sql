UPDATE hydra_oauth2_authentication_request SET
  requested_scope = CASE WHEN pg_temp.needs_escape('hydra_oauth2_authentication_request', challenge, 'requested_scope', requested_scope) THEN pg_temp.escaped_list(requested_scope) ELSE requested_scope END,
  requested_at_audience = CASE WHEN pg_temp.needs_escape('hydra_oauth2_authentication_request', challenge, 'requested_at_audience', requested_at_audience) THEN pg_temp.escaped_list(requested_at_audience) ELSE requested_at_audience END
WHERE (requested_scope ~ :special AND pg_temp.needs_escape('hydra_oauth2_authentication_request', challenge, 'requested_scope', requested_scope))
  OR (requested_at_audience ~ :special AND pg_temp.needs_escape('hydra_oauth2_authentication_request', challenge, 'requested_at_audience', requested_at_audience));
UPDATE hydra_oauth2_authentication_request_handled SET
  amr = CASE WHEN pg_temp.needs_escape('hydra_oauth2_authentication_request_handled', challenge, 'amr', amr) THEN pg_temp.escaped_list(amr) ELSE amr END
WHERE (amr ~ :special AND pg_temp.needs_escape('hydra_oauth2_authentication_request_handled', challenge, 'amr', amr));
UPDATE hydra_oauth2_consent_request_handled SET
  granted_scope = CASE WHEN pg_temp.needs_escape('hydra_oauth2_consent_request_handled', challenge, 'granted_scope', granted_scope) THEN pg_temp.escaped_list(granted_scope) ELSE granted_scope END,
  granted_at_audience = CASE WHEN pg_temp.needs_escape('hydra_oauth2_consent_request_handled', challenge, 'granted_at_audience', granted_at_audience) THEN pg_temp.escaped_list(granted_at_audience) ELSE granted_at_audience END
WHERE (granted_scope ~ :special AND pg_temp.needs_escape('hydra_oauth2_consent_request_handled', challenge, 'granted_scope', granted_scope))
  OR (granted_at_audience ~ :special AND pg_temp.needs_escape('hydra_oauth2_consent_request_handled', challenge, 'granted_at_audience', granted_at_audience));
