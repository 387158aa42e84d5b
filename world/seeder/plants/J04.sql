UPDATE hydra_client SET
  contacts = E'Operations "night shift" <ops@app.example>|C:\\share\\ops|tab\there||one \\| team|',
  audience = CASE WHEN length(id) % 2 = 0 THEN 'https://api.example/"v1"' ELSE audience END
WHERE id IN (SELECT id FROM (SELECT id, row_number() OVER (ORDER BY id) AS place
  FROM (SELECT DISTINCT client_id AS id FROM seed_attempt) AS used) AS placed WHERE place % 4 = 1);
SELECT count(*)::integer AS planted FROM hydra_client WHERE contacts LIKE '%night shift%';
