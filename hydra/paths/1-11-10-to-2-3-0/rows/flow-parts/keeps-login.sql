-- Whether a consent of a known client may keep its login request: it is needed, or the login was answered.
(EXISTS (SELECT FROM hydra_oauth2_consent_request_handled AS one WHERE one.challenge = :consent.challenge OFFSET 0)
  OR EXISTS (SELECT FROM hydra_oauth2_authentication_request_handled AS one WHERE one.challenge = :consent.login_challenge OFFSET 0)
  OR :held)
