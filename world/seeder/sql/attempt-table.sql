-- Session-local working tables: the whole history as facts, before any row of Hydra's is written.
CREATE TEMP TABLE IF NOT EXISTS seed_attempt (
  n integer PRIMARY KEY,
  kind text NOT NULL,
  subject text NOT NULL,
  client_id text NOT NULL,
  login_at timestamp(0) NOT NULL,
  authenticated_at timestamp(0) NOT NULL,
  forced_subject text NOT NULL,
  login_challenge text NOT NULL,
  consent_challenge text NOT NULL,
  session_id text NOT NULL,
  owns_session boolean NOT NULL,
  session_remember boolean NOT NULL,
  login_skip boolean NOT NULL,
  consent_skip boolean NOT NULL,
  remember boolean NOT NULL,
  remember_for integer NOT NULL,
  requested_scope text NOT NULL,
  granted_scope text NOT NULL,
  request_url text NOT NULL,
  login_context text NOT NULL,
  access_claims text NOT NULL,
  id_claims text NOT NULL,
  chain text NOT NULL,
  rotations integer NOT NULL,
  issued_at timestamp NOT NULL,
  last_used_at timestamp NOT NULL,
  keeps_code boolean NOT NULL,
  -- Two browser tabs answered one login page: this attempt's consent hangs on another attempt's login request.
  shares_login boolean NOT NULL DEFAULT false
);
TRUNCATE seed_attempt;

CREATE TEMP TABLE IF NOT EXISTS seed_setting (prefix text NOT NULL, as_of timestamp NOT NULL);
TRUNCATE seed_setting;

-- Random but repeatable: all from md5, whose result no server version changes. The second one is STABLE because `||` with a number
-- is, and a function that promises more than its body is not inlined.
CREATE OR REPLACE FUNCTION pg_temp.seed_part(hash text, part integer) RETURNS double precision
  LANGUAGE sql IMMUTABLE AS
$$ SELECT ('x' || substr(hash, part * 6 + 1, 6))::bit(24)::integer / 16777216::double precision $$;

CREATE OR REPLACE FUNCTION pg_temp.seed_id(prefix text, kind text, n bigint) RETURNS text
  LANGUAGE sql STABLE AS
$$ SELECT overlay(overlay(md5(prefix || kind || n) placing '4' from 13) placing '8' from 17) $$;
