-- Somebody dropped the foreign keys, deleted a client by hand and put the keys back without checking.
DO $$
DECLARE
  fk record;
  victim text := (SELECT client_id FROM seed_attempt WHERE kind = 'granted' ORDER BY n LIMIT 1);
  keys text[] := '{}';
  statement text;
BEGIN
  FOR fk IN SELECT conname, conrelid::regclass AS child, pg_get_constraintdef(oid) AS definition
    FROM pg_constraint WHERE contype = 'f' AND confrelid = 'hydra_client'::regclass LOOP
    EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', fk.child, fk.conname);
    keys := keys || format('ALTER TABLE %s ADD CONSTRAINT %I %s NOT VALID', fk.child, fk.conname, fk.definition);
  END LOOP;
  DELETE FROM hydra_client WHERE id = victim;
  FOREACH statement IN ARRAY keys LOOP EXECUTE statement; END LOOP;
END $$;
SELECT count(*)::integer AS planted FROM (
  SELECT client_id FROM hydra_oauth2_access UNION ALL SELECT client_id FROM hydra_oauth2_refresh
  UNION ALL SELECT client_id FROM hydra_oauth2_code UNION ALL SELECT client_id FROM hydra_oauth2_oidc
  UNION ALL SELECT client_id FROM hydra_oauth2_pkce UNION ALL SELECT client_id FROM hydra_oauth2_consent_request
  UNION ALL SELECT client_id FROM hydra_oauth2_authentication_request
  UNION ALL SELECT client_id FROM hydra_oauth2_obfuscated_authentication_session
) AS owned WHERE NOT EXISTS (SELECT 1 FROM hydra_client WHERE hydra_client.id = owned.client_id);
