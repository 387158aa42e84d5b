request
  LEFT JOIN LATERAL (
    SELECT * FROM hydra_oauth2_authentication_request_handled AS one WHERE :answer_of_request :one_by_one
  ) AS answer ON true
  LEFT JOIN LATERAL (
    SELECT * FROM hydra_oauth2_consent_request AS one WHERE :consent_of_request :one_by_one
  ) AS consent ON true
  LEFT JOIN LATERAL (
    SELECT * FROM hydra_oauth2_consent_request_handled AS one WHERE :consent_answer_of_request :one_by_one
  ) AS consent_answer ON true
