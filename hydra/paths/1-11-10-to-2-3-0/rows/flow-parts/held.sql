-- Tokens without an answered consent exist only where somebody dropped the foreign keys; their parent stays all the same.
(EXISTS (SELECT FROM hydra_oauth2_refresh AS one WHERE one.challenge_id = :consent.challenge OFFSET 0)
  OR EXISTS (SELECT FROM hydra_oauth2_refresh AS one WHERE one.request_id = :consent.challenge OFFSET 0)
  OR EXISTS (SELECT FROM hydra_oauth2_access AS one WHERE one.challenge_id = :consent.challenge OFFSET 0)
  OR EXISTS (SELECT FROM hydra_oauth2_access AS one WHERE one.request_id = :consent.challenge OFFSET 0)
  OR EXISTS (SELECT FROM hydra_oauth2_code AS one WHERE one.challenge_id = :consent.challenge OFFSET 0)
  OR EXISTS (SELECT FROM hydra_oauth2_oidc AS one WHERE one.challenge_id = :consent.challenge OFFSET 0)
  OR EXISTS (SELECT FROM hydra_oauth2_pkce AS one WHERE one.challenge_id = :consent.challenge OFFSET 0))
