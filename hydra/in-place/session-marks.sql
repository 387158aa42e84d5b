-- Sessions that look in here can be told by a lock that each takes when it reads a client, which every request of a token does.
-- The key is another one for each session and made of a secret, so that nobody can hold it before the session does; once it has it, that
-- anybody sees it does no harm. Stable, so that it is asked once per statement and not once per row. It never waits.
CREATE OR REPLACE FUNCTION :compatibility.seen() RETURNS boolean LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog AS $$
BEGIN
  PERFORM pg_catalog.pg_try_advisory_lock_shared(:key) FROM :secrets AS kept;
  RETURN true;
END $$;
