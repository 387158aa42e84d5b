SELECT signature, expires_at FROM hydra_oauth2_jti_blacklist AS source WHERE :selected
