SELECT 'hydra_client' AS table_name, id AS key FROM hydra_client
WHERE pg_temp.needs_escape('hydra_client', id, 'redirect_uris', redirect_uris)
  OR pg_temp.needs_escape('hydra_client', id, 'grant_types', grant_types)
  OR pg_temp.needs_escape('hydra_client', id, 'response_types', response_types)
  OR pg_temp.needs_escape('hydra_client', id, 'audience', audience)
  OR pg_temp.needs_escape('hydra_client', id, 'allowed_cors_origins', allowed_cors_origins)
  OR pg_temp.needs_escape('hydra_client', id, 'contacts', contacts)
  OR pg_temp.needs_escape('hydra_client', id, 'request_uris', request_uris)
  OR pg_temp.needs_escape('hydra_client', id, 'post_logout_redirect_uris', post_logout_redirect_uris)
