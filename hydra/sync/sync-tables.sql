-- What the sync keeps on the target, beside the arbiter. Everything here may be run again.

-- Who may sync: the newest generation alone. Each of its transactions holds this row, so a take-over waits for the one under way.
CREATE TABLE IF NOT EXISTS hydra_cutover.syncer (
  only_row   boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  generation bigint NOT NULL DEFAULT 0
);
INSERT INTO hydra_cutover.syncer DEFAULT VALUES ON CONFLICT DO NOTHING;

-- Revocations that the source captured and what became of them here.
CREATE TABLE IF NOT EXISTS hydra_cutover.ledger (
  kind        text NOT NULL,
  key         text NOT NULL,
  request_id  text,
  captured_at timestamptz NOT NULL,
  applied_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
  outcome     text NOT NULL CHECK (outcome IN ('applied', 'already_absent')),
  PRIMARY KEY (kind, key)
);

-- Logins and consents that were begun on the source: the target cannot know them, the gateway sends their browsers back to the start.
CREATE TABLE IF NOT EXISTS hydra_cutover.stale_challenge (
  seq         bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
  kind        text NOT NULL CHECK (kind IN ('login_challenge', 'login_verifier', 'consent_challenge', 'consent_verifier')),
  value       text NOT NULL,
  request_url text NOT NULL,
  arrived_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (kind, value)
);

-- Proofs that a trigger on the source reaches a row on the target.
CREATE TABLE IF NOT EXISTS hydra_cutover.canary (
  log_id     bigint PRIMARY KEY,
  key        jsonb,
  sent_at    timestamptz NOT NULL,
  arrived_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- Locks the syncer's row until the transaction ends; FOR SHARE would need more rights than the sync's role should have.
CREATE OR REPLACE FUNCTION hydra_cutover.hold_syncer() RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $hold$
  SELECT generation FROM hydra_cutover.syncer FOR SHARE
$hold$;
REVOKE ALL ON FUNCTION hydra_cutover.hold_syncer() FROM PUBLIC;
-- In the transaction that makes it: a grant changes what record_made() keeps.
DO $grant$ BEGIN EXECUTE format('GRANT EXECUTE ON FUNCTION hydra_cutover.hold_syncer() TO %I', :sync_role); END $grant$;
SELECT hydra_cutover.record_made();

UPDATE hydra_cutover.run SET sync_role = :sync_role WHERE sync_role IS DISTINCT FROM :sync_role;
