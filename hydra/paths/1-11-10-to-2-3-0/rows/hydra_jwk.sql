SELECT sid, kid, version, keydata, created_at, pk AS pk_deprecated FROM hydra_jwk AS source WHERE :selected
