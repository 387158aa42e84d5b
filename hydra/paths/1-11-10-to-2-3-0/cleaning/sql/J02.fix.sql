UPDATE hydra_oauth2_authentication_request_handled SET context = pg_temp.mended_context(context)
WHERE context <> '{}' AND pg_temp.mended_context(context) <> context
