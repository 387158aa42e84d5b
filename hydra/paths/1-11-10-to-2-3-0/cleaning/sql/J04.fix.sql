UPDATE hydra_client SET
  redirect_uris = CASE WHEN pg_temp.needs_escape('hydra_client', id, 'redirect_uris', redirect_uris) THEN pg_temp.escaped_list(redirect_uris) ELSE redirect_uris END,
  grant_types = CASE WHEN pg_temp.needs_escape('hydra_client', id, 'grant_types', grant_types) THEN pg_temp.escaped_list(grant_types) ELSE grant_types END,
  response_types = CASE WHEN pg_temp.needs_escape('hydra_client', id, 'response_types', response_types) THEN pg_temp.escaped_list(response_types) ELSE response_types END,
  audience = CASE WHEN pg_temp.needs_escape('hydra_client', id, 'audience', audience) THEN pg_temp.escaped_list(audience) ELSE audience END,
  allowed_cors_origins = CASE WHEN pg_temp.needs_escape('hydra_client', id, 'allowed_cors_origins', allowed_cors_origins) THEN pg_temp.escaped_list(allowed_cors_origins) ELSE allowed_cors_origins END,
  contacts = CASE WHEN pg_temp.needs_escape('hydra_client', id, 'contacts', contacts) THEN pg_temp.escaped_list(contacts) ELSE contacts END,
  request_uris = CASE WHEN pg_temp.needs_escape('hydra_client', id, 'request_uris', request_uris) THEN pg_temp.escaped_list(request_uris) ELSE request_uris END,
  post_logout_redirect_uris = CASE WHEN pg_temp.needs_escape('hydra_client', id, 'post_logout_redirect_uris', post_logout_redirect_uris) THEN pg_temp.escaped_list(post_logout_redirect_uris) ELSE post_logout_redirect_uris END
WHERE (redirect_uris ~ :special AND pg_temp.needs_escape('hydra_client', id, 'redirect_uris', redirect_uris))
  OR (grant_types ~ :special AND pg_temp.needs_escape('hydra_client', id, 'grant_types', grant_types))
  OR (response_types ~ :special AND pg_temp.needs_escape('hydra_client', id, 'response_types', response_types))
  OR (audience ~ :special AND pg_temp.needs_escape('hydra_client', id, 'audience', audience))
  OR (allowed_cors_origins ~ :special AND pg_temp.needs_escape('hydra_client', id, 'allowed_cors_origins', allowed_cors_origins))
  OR (contacts ~ :special AND pg_temp.needs_escape('hydra_client', id, 'contacts', contacts))
  OR (request_uris ~ :special AND pg_temp.needs_escape('hydra_client', id, 'request_uris', request_uris))
  OR (post_logout_redirect_uris ~ :special AND pg_temp.needs_escape('hydra_client', id, 'post_logout_redirect_uris', post_logout_redirect_uris))
