:consents
DELETE FROM hydra_oauth2_consent_request WHERE challenge IN (SELECT challenge FROM ranked WHERE leads_nowhere)
