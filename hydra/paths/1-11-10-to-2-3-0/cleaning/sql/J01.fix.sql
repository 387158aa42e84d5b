UPDATE hydra_oauth2_authentication_request SET oidc_context = pg_temp.mended_context(oidc_context)
WHERE oidc_context <> '{}' AND NOT pg_temp.is_json(oidc_context)
