WITH consents AS (
  -- Rows of unknown clients belong to F01. Ranked by columns that never change, so that a later look at the same rows, whatever was
  -- accepted or revoked in between, keeps the same one.
  SELECT consent.challenge, consent.login_challenge, consent.subject, login.challenge IS NOT NULL AS has_login,
    login_answer.challenge IS NOT NULL AS login_answered,
    answer.challenge IS NOT NULL
      OR EXISTS (SELECT 1 FROM hydra_oauth2_refresh AS t WHERE t.challenge_id = consent.challenge)
      OR EXISTS (SELECT 1 FROM hydra_oauth2_refresh AS t WHERE t.request_id = consent.challenge)
      OR EXISTS (SELECT 1 FROM hydra_oauth2_access AS t WHERE t.challenge_id = consent.challenge)
      OR EXISTS (SELECT 1 FROM hydra_oauth2_access AS t WHERE t.request_id = consent.challenge)
      OR EXISTS (SELECT 1 FROM hydra_oauth2_code AS t WHERE t.challenge_id = consent.challenge)
      OR EXISTS (SELECT 1 FROM hydra_oauth2_oidc AS t WHERE t.challenge_id = consent.challenge)
      OR EXISTS (SELECT 1 FROM hydra_oauth2_pkce AS t WHERE t.challenge_id = consent.challenge) AS needed,
    consent.requested_at
  FROM hydra_oauth2_consent_request AS consent
  JOIN hydra_client AS client ON client.id = consent.client_id
  LEFT JOIN hydra_oauth2_consent_request_handled AS answer ON answer.challenge = consent.challenge
  LEFT JOIN hydra_oauth2_authentication_request AS login ON login.challenge = consent.login_challenge
  LEFT JOIN hydra_oauth2_authentication_request_handled AS login_answer ON login_answer.challenge = login.challenge
), judged AS (
  SELECT *, NOT needed AND NOT login_answered AS leads_nowhere FROM consents
), ranked AS (
  SELECT *, has_login AND NOT leads_nowhere
    AND row_number() OVER (PARTITION BY login_challenge, leads_nowhere ORDER BY requested_at DESC, challenge) > 1 AS surplus
  FROM judged
)
