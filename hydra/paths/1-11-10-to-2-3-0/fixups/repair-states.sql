UPDATE hydra_oauth2_flow SET
  login_error = coalesce(login_error, '{}'),
  granted_scope = coalesce(granted_scope, '[]'::jsonb),
  amr = coalesce(amr, '[]'::jsonb),
  consent_remember_for = coalesce(consent_remember_for, 0),
  state = :right_state
WHERE :misjudged
