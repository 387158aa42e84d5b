(state = 128 AND login_error IN ('{}', '') OR state = 129 AND consent_error IN ('{}', ''))
