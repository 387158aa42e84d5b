UPDATE hydra_oauth2_authentication_request SET oidc_context = pg_temp.mended_context(oidc_context)
WHERE oidc_context <> '{}' AND pg_temp.mended_context(oidc_context) <> oidc_context
