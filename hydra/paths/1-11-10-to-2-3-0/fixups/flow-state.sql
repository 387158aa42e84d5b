CASE
    WHEN coalesce(login_error, '{}') NOT IN ('{}', '') THEN 128
    WHEN consent_error IS NOT NULL AND consent_error NOT IN ('{}', '') THEN 129
    WHEN consent_error IS NOT NULL AND consent_was_used THEN 6
    WHEN consent_error IS NOT NULL THEN 5
    WHEN consent_challenge_id IS NOT NULL THEN 4
    WHEN login_was_used THEN 3
    ELSE 2 END
