-- What the old version goes on seeing while the tables become those of the new one.
CREATE SCHEMA :compatibility AUTHORIZATION :owner;
SET LOCAL ROLE :owner;
REVOKE ALL ON SCHEMA :compatibility FROM PUBLIC;

-- What the new version writes as `session_data`, with the names that the old one reads. json and not jsonb: values stay as written.
-- An escaped zero cannot be looked past (`->` refuses it wherever it stands): meanwhile it is written as what nobody writes.
CREATE FUNCTION :compatibility.old_session(data text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog AS $$
  SELECT CASE WHEN data NOT LIKE '{"id\_token":%' THEN data ELSE (
    SELECT replace(json_build_object(
      'idToken', CASE WHEN json_typeof(token) = 'object' THEN json_build_object(
        'Claims', CASE WHEN json_typeof(claims) = 'object' THEN json_build_object(
          'JTI', claims->'jti', 'Issuer', claims->'iss', 'Subject', claims->'sub', 'Audience', claims->'aud',
          'Nonce', claims->'nonce', 'ExpiresAt', claims->'exp', 'IssuedAt', claims->'iat', 'RequestedAt', claims->'rat',
          'AuthTime', claims->'auth_time', 'AccessTokenHash', claims->'at_hash',
          'AuthenticationContextClassReference', claims->'acr', 'CodeHash', claims->'c_hash', 'Extra', claims->'ext') END,
        'Headers', CASE WHEN json_typeof(token->'headers') = 'object'
                        THEN json_build_object('Extra', token->'headers'->'extra') END,
        'ExpiresAt', token->'expires_at', 'Username', token->'username', 'Subject', token->'subject') END,
      'extra', session->'extra', 'KID', session->'kid', 'ClientID', session->'client_id',
      'ConsentChallenge', session->'consent_challenge')::text, '\u0001\uE0F7\uE0F8', '\u0000')
    FROM (SELECT replace(data, '\u0000', '\u0001\uE0F7\uE0F8')::json AS session) AS whole,
         LATERAL (SELECT session->'id_token' AS token) AS inner_token,
         LATERAL (SELECT token->'id_token_claims' AS claims) AS inner_claims) END
$$;
