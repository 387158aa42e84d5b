SELECT 'hydra_jwk' AS table_name, sid || ' ' || kid AS key FROM hydra_jwk GROUP BY sid, kid HAVING count(*) > 1
