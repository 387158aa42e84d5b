:consents
, request AS (
  -- Login requests with the one consent that keeps each (C01, C03) ...
  SELECT login.challenge, login.requested_scope, login.verifier, login.csrf, login.subject, login.request_url, login.skip,
    login.client_id, login.requested_at, login.authenticated_at, login.oidc_context, login.login_session_id,
    login.requested_at_audience, ranked.challenge AS consent_challenge, ranked.place AS consent_place,
    ranked.answer_place AS consent_answer_place, ranked.login_answer_place AS answer_place
  FROM ranked
  JOIN LATERAL (SELECT * FROM hydra_oauth2_authentication_request AS one WHERE :login_of_ranked :one_by_one) AS login ON true
  WHERE has_login AND NOT leads_nowhere AND NOT surplus
  UNION ALL
  -- ... and without one ...
  SELECT login.challenge, login.requested_scope, login.verifier, login.csrf, login.subject, login.request_url, login.skip,
    login.client_id, login.requested_at, login.authenticated_at, login.oidc_context, login.login_session_id,
    login.requested_at_audience, NULL, NULL, NULL, answer.place
  -- Most logins have one: the others are read when it is known which they are. No join, which the planner may make of nested loops.
  FROM (
    SELECT login.challenge FROM hydra_oauth2_authentication_request AS login WHERE :selected_logins
    EXCEPT SELECT login_challenge FROM ranked WHERE has_login AND NOT leads_nowhere AND NOT surplus
  ) AS bare
  JOIN LATERAL (SELECT * FROM hydra_oauth2_authentication_request AS one WHERE one.challenge = bare.challenge :one_by_one) AS login ON true
  JOIN LATERAL (SELECT one.id FROM hydra_client AS one WHERE one.id = login.client_id :one_by_one) AS client ON true
  LEFT JOIN LATERAL (
    SELECT one.ctid AS place FROM hydra_oauth2_authentication_request_handled AS one WHERE one.challenge = login.challenge :one_by_one
  ) AS answer ON true
  UNION ALL
  -- ... and those that consents without one get (C01, C02).
  SELECT pg_temp.own_id('l', consent.challenge), consent.requested_scope, pg_temp.own_id('v', consent.challenge),
    pg_temp.own_id('x', consent.challenge), consent.subject, consent.request_url, false,
    consent.client_id, consent.requested_at, consent.authenticated_at, consent.oidc_context, consent.login_session_id,
    consent.requested_at_audience, consent.challenge, ranked.place, ranked.answer_place, NULL
  FROM ranked
  JOIN LATERAL (SELECT * FROM hydra_oauth2_consent_request AS one WHERE :consent_of_ranked :one_by_one) AS consent ON true
  WHERE needed AND (surplus OR NOT has_login)
)
