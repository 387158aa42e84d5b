ALTER TABLE hydra_oauth2_access DROP CONSTRAINT IF EXISTS hydra_oauth2_access_challenge_id_fk;
SELECT 1 AS planted;
