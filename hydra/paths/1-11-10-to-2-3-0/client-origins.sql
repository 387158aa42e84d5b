SELECT origin, array_agg(id ORDER BY id) AS clients
  FROM (SELECT client.id::text AS id, unnest(pg_temp.read_list(client.allowed_cors_origins)) AS origin
          FROM hydra_client AS client WHERE client.allowed_cors_origins <> '') AS allowed
 GROUP BY origin ORDER BY origin
