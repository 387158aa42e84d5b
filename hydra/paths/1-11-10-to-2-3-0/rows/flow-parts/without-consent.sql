-- Most logins have a consent: the others are read when it is known which they are. No join, which the planner may make of nested loops.
(
  SELECT login.challenge FROM hydra_oauth2_authentication_request AS login WHERE :logins
  EXCEPT
  SELECT other.login_challenge FROM hydra_oauth2_consent_request AS other
  JOIN LATERAL (SELECT one.id FROM hydra_client AS one WHERE one.id = other.client_id OFFSET 0) AS client ON true
  WHERE :consents AND :other_keeps_login
) AS bare
JOIN LATERAL (
  SELECT * FROM hydra_oauth2_authentication_request AS one WHERE one.challenge = bare.challenge OFFSET 0
) AS request ON true
JOIN LATERAL (SELECT one.id FROM hydra_client AS one WHERE one.id = request.client_id OFFSET 0) AS client ON true
LEFT JOIN LATERAL (
  SELECT * FROM hydra_oauth2_authentication_request_handled AS one WHERE one.challenge = request.challenge OFFSET 0
) AS answer ON true
LEFT JOIN hydra_oauth2_consent_request AS consent ON false
LEFT JOIN hydra_oauth2_consent_request_handled AS consent_answer ON false
