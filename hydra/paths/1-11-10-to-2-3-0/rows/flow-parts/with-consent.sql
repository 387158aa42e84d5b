-- One consent after the other, with its rows found by their keys and judged where they are: nothing is sorted or kept, however many there are.
hydra_oauth2_consent_request AS consent
JOIN LATERAL (SELECT one.id FROM hydra_client AS one WHERE one.id = consent.client_id OFFSET 0) AS client ON true
LEFT JOIN LATERAL (
  SELECT * FROM hydra_oauth2_consent_request_handled AS one WHERE one.challenge = consent.challenge OFFSET 0
) AS consent_answer ON true
LEFT JOIN LATERAL (
  SELECT * FROM hydra_oauth2_authentication_request AS one WHERE one.challenge = consent.login_challenge OFFSET 0
) AS login ON true
LEFT JOIN LATERAL (SELECT one.id FROM hydra_client AS one WHERE one.id = login.client_id OFFSET 0) AS login_client ON true
LEFT JOIN LATERAL (
  SELECT * FROM hydra_oauth2_authentication_request_handled AS one WHERE one.challenge = login.challenge OFFSET 0
) AS login_answer ON true
CROSS JOIN LATERAL (
  SELECT login_client.id IS NOT NULL AS has_login, consent_answer.challenge IS NOT NULL OR :held AS needed OFFSET 0
) AS seen
CROSS JOIN LATERAL (
  -- Of several on one login the newest keeps it, unless it leads nowhere (C01, C03).
  SELECT has_login AND (needed OR login_answer.challenge IS NOT NULL) AND NOT EXISTS (
    SELECT FROM hydra_oauth2_consent_request AS other
    WHERE other.login_challenge = consent.login_challenge
      AND (other.requested_at > consent.requested_at
        OR other.requested_at = consent.requested_at AND other.challenge < consent.challenge)
      AND EXISTS (SELECT FROM hydra_client AS one WHERE one.id = other.client_id OFFSET 0)
      AND :other_keeps_login
    OFFSET 0
  ) AS keeps_login OFFSET 0
) AS judged
CROSS JOIN LATERAL (
  SELECT login.challenge, login.requested_scope, login.verifier, login.csrf, login.subject, login.request_url, login.skip,
    login.client_id, login.requested_at, login.authenticated_at, login.oidc_context, login.login_session_id, login.requested_at_audience
  WHERE keeps_login
  UNION ALL
  -- A login request that the consent gets because it is without one (C01, C02).
  SELECT pg_temp.own_id('l', consent.challenge), consent.requested_scope, pg_temp.own_id('v', consent.challenge),
    pg_temp.own_id('x', consent.challenge), consent.subject, consent.request_url, false, consent.client_id, consent.requested_at,
    consent.authenticated_at, consent.oidc_context, consent.login_session_id, consent.requested_at_audience
  WHERE needed AND NOT keeps_login
) AS request
LEFT JOIN LATERAL (SELECT login_answer.* WHERE keeps_login) AS answer ON true
WHERE :selected
