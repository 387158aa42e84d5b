UPDATE hydra_oauth2_authentication_request AS login SET subject = answer.subject
FROM hydra_oauth2_authentication_request_handled AS answer
WHERE answer.challenge = login.challenge AND login.subject = '' AND answer.subject <> ''
