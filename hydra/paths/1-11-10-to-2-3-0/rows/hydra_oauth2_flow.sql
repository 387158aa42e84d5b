:judged
SELECT login_challenge, login_verifier, login_csrf, subject, request_url, login_skip, client_id, requested_at, login_initialized_at,
  oidc_context, login_session_id, CASE WHEN :misjudged THEN :right_state ELSE state END AS state, login_remember, login_remember_for,
  login_error, acr, login_authenticated_at, login_was_used, forced_subject_identifier, context, consent_challenge_id, consent_skip,
  consent_verifier, consent_csrf, consent_remember, consent_remember_for, consent_handled_at, consent_error, session_access_token,
  session_id_token, consent_was_used, requested_scope, requested_at_audience, amr,
  CASE WHEN :misjudged THEN coalesce(granted_scope, '[]') ELSE granted_scope END AS granted_scope, granted_at_audience,
  false AS login_extend_session_lifespan, NULL::text AS identity_provider_session_id
FROM (
  -- As the migration merges them. A login without answer that has a consent is answered by it (C03b), and so is one of its own.
  SELECT CASE
      WHEN answer.challenge IS NOT NULL OR consent.challenge IS NOT NULL THEN 128
      ELSE 1 END AS state,
    request.challenge AS login_challenge, pg_temp.as_list(request.requested_scope) AS requested_scope, request.verifier AS login_verifier,
    request.csrf AS login_csrf,
    CASE WHEN request.subject = '' THEN coalesce(answer.subject, consent.subject, '') ELSE request.subject END AS subject,
    request.request_url, request.skip AS login_skip, request.client_id, request.requested_at,
    request.authenticated_at AS login_initialized_at, pg_temp.as_context(request.oidc_context) AS oidc_context,
    -- A session that is gone is none (F05).
    (SELECT one.id FROM hydra_oauth2_authentication_session AS one WHERE one.id = request.login_session_id) AS login_session_id,
    pg_temp.as_list(request.requested_at_audience) AS requested_at_audience,

    coalesce(answer.remember, false) AS login_remember, coalesce(answer.remember_for, 0) AS login_remember_for,
    CASE WHEN answer.challenge IS NOT NULL THEN answer.error WHEN consent.challenge IS NOT NULL THEN '{}' END AS login_error,
    coalesce(answer.acr, consent.acr, '') AS acr,
    CASE WHEN answer.challenge IS NOT NULL THEN answer.authenticated_at ELSE consent.authenticated_at END AS login_authenticated_at,
    coalesce(answer.was_used, consent.challenge IS NOT NULL) AS login_was_used,
    coalesce(consent.forced_subject_identifier, answer.forced_subject_identifier, '') AS forced_subject_identifier,
    pg_temp.as_context(coalesce(answer.context, consent.context, '{}')) AS context,
    pg_temp.as_list(coalesce(answer.amr, consent.amr)) AS amr,

    consent.challenge AS consent_challenge_id, consent.verifier AS consent_verifier, coalesce(consent.skip, false) AS consent_skip,
    consent.csrf AS consent_csrf,
    -- An empty list ends as NULL here: the only list column without default.
    nullif(pg_temp.as_list(consent_answer.granted_scope), '[]') AS granted_scope,
    coalesce(consent_answer.remember, false) AS consent_remember, coalesce(consent_answer.remember_for, 0) AS consent_remember_for,
    consent_answer.error AS consent_error,
    pg_temp.as_json(coalesce(consent_answer.session_access_token, '{}')) AS session_access_token,
    pg_temp.as_json(coalesce(consent_answer.session_id_token, '{}')) AS session_id_token,
    coalesce(consent_answer.was_used, false) AS consent_was_used,
    pg_temp.as_list(consent_answer.granted_at_audience) AS granted_at_audience, consent_answer.handled_at AS consent_handled_at
  FROM :parts
  -- Row by row: as an expression of its own it would be kept, and on disk where there are many.
  OFFSET 0
) AS merged
