WITH unanswered AS MATERIALIZED (
  SELECT challenge FROM hydra_oauth2_consent_request AS consent
  WHERE :among AND NOT EXISTS (SELECT 1 FROM hydra_oauth2_consent_request_handled AS answer WHERE answer.challenge = consent.challenge)
), held AS MATERIALIZED (
  -- Tokens without an answered consent exist only where somebody dropped the foreign keys; their parent stays all the same.
  SELECT challenge FROM unanswered JOIN hydra_oauth2_refresh AS token ON token.challenge_id = challenge
  UNION SELECT challenge FROM unanswered JOIN hydra_oauth2_refresh AS token ON token.request_id = challenge
  UNION SELECT challenge FROM unanswered JOIN hydra_oauth2_access AS token ON token.challenge_id = challenge
  UNION SELECT challenge FROM unanswered JOIN hydra_oauth2_access AS token ON token.request_id = challenge
  UNION SELECT challenge FROM unanswered JOIN hydra_oauth2_code AS token ON token.challenge_id = challenge
  UNION SELECT challenge FROM unanswered JOIN hydra_oauth2_oidc AS token ON token.challenge_id = challenge
  UNION SELECT challenge FROM unanswered JOIN hydra_oauth2_pkce AS token ON token.challenge_id = challenge
), consents AS MATERIALIZED (
  -- Rows of unknown clients belong to F01.
  SELECT consent.challenge, consent.login_challenge, consent.subject, consent.requested_at,
    login_client.id IS NOT NULL AS has_login, login_client.id IS NOT NULL AND login_answer.challenge IS NOT NULL AS login_answered,
    unanswered.challenge IS NULL OR held.challenge IS NOT NULL AS needed
  FROM hydra_oauth2_consent_request AS consent
  JOIN hydra_client AS client ON client.id = consent.client_id
  LEFT JOIN unanswered ON unanswered.challenge = consent.challenge
  LEFT JOIN held ON held.challenge = consent.challenge
  LEFT JOIN hydra_oauth2_authentication_request AS login ON login.challenge = consent.login_challenge
  LEFT JOIN hydra_client AS login_client ON login_client.id = login.client_id
  LEFT JOIN hydra_oauth2_authentication_request_handled AS login_answer ON login_answer.challenge = login.challenge
  WHERE :among
), judged AS (
  SELECT *, NOT needed AND NOT login_answered AS leads_nowhere FROM consents
), ranked AS (
  -- Ranked by columns that never change, so that a later look at the same rows, whatever was accepted or revoked in between, keeps the
  -- same one.
  SELECT *, has_login AND NOT leads_nowhere
    AND row_number() OVER (PARTITION BY login_challenge, leads_nowhere ORDER BY requested_at DESC, challenge) > 1 AS surplus
  FROM judged
)
