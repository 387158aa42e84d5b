SELECT count(*)::float8 AS undone, round(extract(epoch FROM clock_timestamp() - min(at)) * 1000)::float8 AS "oldestUndoneMs",
       pg_total_relation_size('hydra_cutover.change_log')::float8 AS bytes
  FROM hydra_cutover.change_log WHERE done_at IS NULL
