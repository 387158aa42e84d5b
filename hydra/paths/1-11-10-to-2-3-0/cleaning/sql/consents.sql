WITH seen AS MATERIALIZED (
  -- Each consent of a known client (rows of unknown ones belong to F01) with what judges it, and where its rows are.
  SELECT consent.challenge, consent.login_challenge, consent.subject, consent.requested_at, answer.challenge IS NOT NULL AS answered,
    login_client.id IS NOT NULL AS has_login, login_client.id IS NOT NULL AND login_answer.challenge IS NOT NULL AS login_answered,
    consent.place, answer.place AS answer_place, login.place AS login_place, login_answer.place AS login_answer_place
  FROM (:consents_among) AS consent
  JOIN LATERAL (SELECT one.id FROM hydra_client AS one WHERE one.id = consent.client_id :one_by_one) AS client ON true
  LEFT JOIN LATERAL (
    SELECT one.challenge, one.ctid AS place FROM hydra_oauth2_consent_request_handled AS one WHERE one.challenge = consent.challenge :one_by_one
  ) AS answer ON true
  LEFT JOIN LATERAL (
    SELECT one.challenge, one.client_id, one.ctid AS place FROM hydra_oauth2_authentication_request AS one
    WHERE one.challenge = consent.login_challenge :one_by_one
  ) AS login ON true
  LEFT JOIN LATERAL (SELECT one.id FROM hydra_client AS one WHERE one.id = login.client_id :one_by_one) AS login_client ON true
  LEFT JOIN LATERAL (
    SELECT one.challenge, one.ctid AS place FROM hydra_oauth2_authentication_request_handled AS one WHERE one.challenge = login.challenge :one_by_one
  ) AS login_answer ON true
), unanswered AS (
  SELECT challenge FROM seen WHERE NOT answered
), held AS MATERIALIZED (
  -- Tokens without an answered consent exist only where somebody dropped the foreign keys; their parent stays all the same.
  SELECT challenge FROM unanswered, LATERAL (SELECT 1 FROM hydra_oauth2_refresh AS one WHERE one.challenge_id = challenge :one_by_one) AS token
  UNION SELECT challenge FROM unanswered, LATERAL (SELECT 1 FROM hydra_oauth2_refresh AS one WHERE one.request_id = challenge :one_by_one) AS token
  UNION SELECT challenge FROM unanswered, LATERAL (SELECT 1 FROM hydra_oauth2_access AS one WHERE one.challenge_id = challenge :one_by_one) AS token
  UNION SELECT challenge FROM unanswered, LATERAL (SELECT 1 FROM hydra_oauth2_access AS one WHERE one.request_id = challenge :one_by_one) AS token
  UNION SELECT challenge FROM unanswered, LATERAL (SELECT 1 FROM hydra_oauth2_code AS one WHERE one.challenge_id = challenge :one_by_one) AS token
  UNION SELECT challenge FROM unanswered, LATERAL (SELECT 1 FROM hydra_oauth2_oidc AS one WHERE one.challenge_id = challenge :one_by_one) AS token
  UNION SELECT challenge FROM unanswered, LATERAL (SELECT 1 FROM hydra_oauth2_pkce AS one WHERE one.challenge_id = challenge :one_by_one) AS token
), consents AS (
  -- DISTINCT tells the planner what UNION does not: it would expect a thousand times as many rows, and make room for them on disk.
  SELECT seen.*, seen.answered OR held.challenge IS NOT NULL AS needed
  FROM seen LEFT JOIN (SELECT DISTINCT challenge FROM held) AS held ON held.challenge = seen.challenge
), judged AS (
  SELECT *, NOT needed AND NOT login_answered AS leads_nowhere FROM consents
), ranked AS (
  -- Ranked by columns that never change, so that a later look at the same rows, whatever was accepted or revoked in between, keeps the
  -- same one.
  SELECT *, has_login AND NOT leads_nowhere
    AND row_number() OVER (PARTITION BY login_challenge, leads_nowhere ORDER BY requested_at DESC, challenge) > 1 AS surplus
  FROM judged
)
