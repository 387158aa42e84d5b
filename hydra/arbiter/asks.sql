-- What gateways may call, after looks.sql. In a schema of its own that holds no relation: whoever may use a schema can lock each of its
-- tables without a right to any of them (PREPARE and CREATE RULE lock what they name before they ask), and guards read `run` and
-- `armed` in every write. The bodies name what they call only when they are called: a physical copy of this schema asks the arbiter
-- of the database that it is in, and fails with 3F000 where there is none.

REVOKE ALL ON SCHEMA hydra_cutover_asks FROM PUBLIC;

CREATE OR REPLACE FUNCTION hydra_cutover_asks.claim_epoch(p_epoch bigint, p_applied_epoch bigint, p_by text) RETURNS text
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
  'SELECT hydra_cutover.claim_epoch(p_epoch, p_applied_epoch, p_by)';

CREATE OR REPLACE FUNCTION hydra_cutover_asks.serves(p_epoch bigint) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS 'SELECT hydra_cutover.serves(p_epoch)';

CREATE OR REPLACE FUNCTION hydra_cutover_asks.prepares(p_epoch bigint) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS 'SELECT hydra_cutover.prepares(p_epoch)';

CREATE OR REPLACE FUNCTION hydra_cutover_asks.outcome() RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS 'SELECT hydra_cutover.outcome()';

CREATE OR REPLACE FUNCTION hydra_cutover_asks.beat_member(
  p_member uuid, p_name text, p_lease_ms integer, p_known_epoch bigint, p_moved_epoch bigint) RETURNS jsonb
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
  'SELECT hydra_cutover.beat_member(p_member, p_name, p_lease_ms, p_known_epoch, p_moved_epoch)';

CREATE OR REPLACE FUNCTION hydra_cutover_asks.leave_member(p_member uuid) RETURNS boolean
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS 'SELECT hydra_cutover.leave_member(p_member)';

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA hydra_cutover_asks FROM PUBLIC;
