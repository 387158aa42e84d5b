SELECT source.subject, source.client_id, source.subject_obfuscated
FROM hydra_oauth2_obfuscated_authentication_session AS source JOIN hydra_client AS client ON client.id = source.client_id
WHERE :selected
