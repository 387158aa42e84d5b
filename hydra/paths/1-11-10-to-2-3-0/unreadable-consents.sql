SELECT answer.challenge, (count(*) OVER ())::float8 AS all FROM hydra_oauth2_consent_request_handled AS answer
  LEFT JOIN hydra_oauth2_consent_request AS consent USING (challenge)
 WHERE (answer.challenge = ANY ($1::text[]) OR consent.login_challenge = ANY ($2::text[]))
   AND NOT (pg_temp.is_json(pg_temp.mended_json(session_access_token)) AND pg_temp.is_json(pg_temp.mended_json(session_id_token)))
 ORDER BY 1
