SELECT source.subject, source.client_id, source.subject_obfuscated
FROM hydra_oauth2_obfuscated_authentication_session AS source
JOIN LATERAL (SELECT one.id FROM hydra_client AS one WHERE one.id = source.client_id :one_by_one) AS client ON true
WHERE :selected
