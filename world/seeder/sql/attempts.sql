-- $1 prefix  $2 grants  $3 attempts in all  $4 as of (UTC)  $5 issuer  $6 client ids  $7 awkward values wanted
-- MATERIALIZED: else each use of a hash computes it again.
INSERT INTO seed_attempt (n, kind, subject, client_id, login_at, authenticated_at, forced_subject, login_challenge, consent_challenge,
  session_id, owns_session, session_remember, login_skip, consent_skip, remember, remember_for, requested_scope, granted_scope,
  request_url, login_context, access_claims, id_claims, chain, rotations, issued_at, last_used_at, keeps_code)
WITH numbered AS (
  -- Three attempts in a row are one person's visit: the first logs in, the others may find its session.
  SELECT n, CASE WHEN n <= $2 THEN n - (n - 1) % 3 ELSE n END AS leader
  FROM generate_series(1, $3::integer) AS n
), hashed AS MATERIALIZED (
  SELECT n, leader, md5($1 || 'a' || n) AS a, md5($1 || 'b' || n) AS b, md5($1 || 'visit' || leader) AS v FROM numbered
), drawn AS MATERIALIZED (
  SELECT n, leader, a, b, v,
    1 + floor(pg_temp.seed_part(v, 0) * greatest(1, $2::integer / 4))::integer AS person,
    pg_temp.seed_part(v, 1) < 0.7 AS visit_remembered,
    n <> leader AND pg_temp.seed_part(v, 1) < 0.7 AND pg_temp.seed_part(a, 0) < 0.6 AS login_skip,
    CASE WHEN n <= $2 THEN 'granted'
      ELSE (ARRAY['login-pending', 'login-pending', 'login-pending', 'login-rejected', 'login-accepted', 'consent-pending',
        'consent-pending', 'consent-pending', 'consent-rejected', 'consent-accepted', 'code-pending', 'code-expired'])
        [1 + (n - $2 - 1) % 12] END AS kind,
    ($6::text[])[1 + floor(pg_temp.seed_part(a, 1) * cardinality($6::text[]))::integer] AS client_id,
    (ARRAY['openid|offline_access|profile', 'openid|offline_access|profile', 'openid|offline_access|profile|email',
      'openid|offline_access', 'openid|profile'])[1 + floor(pg_temp.seed_part(a, 2) * 5)::integer] AS scope
  FROM hashed
), dated AS (
  SELECT *,
    CASE WHEN kind = 'granted' THEN $4::timestamp - interval '90 days' * (1 - (n - 1)::double precision / $2) - interval '5 minutes'
      WHEN kind = 'code-pending' THEN $4::timestamp - interval '2 minutes' * pg_temp.seed_part(a, 3) - interval '4 seconds'
      ELSE $4::timestamp - interval '14 days' * power(pg_temp.seed_part(a, 3), 3) - interval '11 minutes' END AS at,
    $4::timestamp - interval '90 days' * (1 - (leader - 1)::double precision / $2) - interval '5 minutes' AS leader_at
  FROM drawn
), used AS MATERIALIZED (
  SELECT *, at + interval '1.3 seconds' + interval '1 second' * pg_temp.seed_part(b, 0) AS issued_at,
    CASE WHEN pg_temp.seed_part(b, 1) < 0.1 OR position('offline_access' in scope) = 0 THEN 'none'
      WHEN pg_temp.seed_part(b, 1) < 0.2 THEN 'revoked' ELSE 'active' END AS chain,
    floor(power(pg_temp.seed_part(b, 2), 2) * 4)::integer AS rotations
  FROM dated
)
SELECT n, kind,
  CASE WHEN $7 AND person % 100 = 9 THEN rpad('long-' || person || '-', 255, 'x')
    WHEN $7 AND person % 10 = 8 THEN 'пользователь-用户-é' || person || '-🎈'
    WHEN $7 AND person % 50 = 4 THEN 'O''Neil "the|pipe" \' || person
    WHEN person % 10 = 7 THEN 'auth0|' || substr(md5($1 || 'p' || person), 1, 24)
    WHEN person % 10 = 6 THEN 'person' || person || '@example.com'
    ELSE pg_temp.seed_id($1, 'person', person)::uuid::text END,
  client_id, at, CASE WHEN login_skip THEN leader_at ELSE at END,
  CASE WHEN client_id LIKE 'seed-%-pairwise' THEN md5($1 || 'forced' || person) ELSE '' END,
  pg_temp.seed_id($1, 'login', n), pg_temp.seed_id($1, 'consent', n),
  pg_temp.seed_id($1, 'session', CASE WHEN login_skip THEN leader ELSE n END)::uuid::text,
  NOT login_skip, visit_remembered AND n = leader, login_skip,
  kind = 'granted' AND login_skip AND pg_temp.seed_part(b, 3) < 0.4,
  pg_temp.seed_part(b, 4) < 0.7,
  CASE WHEN pg_temp.seed_part(b, 4) < 0.1 THEN 3600 WHEN pg_temp.seed_part(b, 4) < 0.35 THEN 2592000 ELSE 0 END,
  scope,
  CASE WHEN chain = 'none' THEN CASE WHEN n % 40 = 7 THEN '' ELSE replace(scope, '|offline_access', '') END ELSE scope END,
  $5 || 'oauth2/auth?client_id=' || client_id || '&code_challenge=' || rtrim(translate(encode(decode(a || b, 'hex'), 'base64'), E'+/\n', '-_'), '=')
    || '&code_challenge_method=S256&redirect_uri=https%3A%2F%2Fapp.example%2Fcallback&response_type=code&scope='
    || replace(scope, '|', '+') || '&state=' || CASE WHEN $7 AND n % 500 = 11 THEN repeat(b, 128) ELSE substr(b, 1, 24) END,
  CASE WHEN $7 AND n % 9 = 2 THEN '{"device":"Téléphone","note":"日本語 \"quoted\" | piped"}' WHEN n % 5 = 0 THEN '{"device":"phone"}' ELSE '{}' END,
  CASE WHEN n % 4 = 0 THEN '{"role":"reader","tenant":' || person || '}' ELSE '{}' END,
  CASE WHEN $7 AND n % 7 = 1 THEN '{"email":"person' || person || '@example.com","name":"Ægir Ωmega 名前"}'
    WHEN n % 3 = 0 THEN '{"email":"person' || person || '@example.com"}' ELSE '{}' END,
  chain, rotations, issued_at,
  greatest(issued_at, CASE WHEN pg_temp.seed_part(b, 3) > 0.85 THEN $4::timestamp - interval '45 minutes' * pg_temp.seed_part(v, 2)
    ELSE issued_at + ($4::timestamp - issued_at) * pg_temp.seed_part(v, 2) END),
  $4::timestamp - at < interval '7 days'
FROM used;
