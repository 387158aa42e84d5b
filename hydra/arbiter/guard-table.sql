-- One table at a time, in a short transaction with a lock_timeout: CREATE TRIGGER waits for writers and makes others wait
-- behind it. Placeholders: :table and :function are quoted identifiers, and :literal is the first of them as text.
CREATE TRIGGER hydra_cutover_guard
  BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON :table
  FOR EACH STATEMENT EXECUTE FUNCTION :function;
-- ALWAYS: session_replication_role = replica turns every other trigger off.
ALTER TABLE :table ENABLE ALWAYS TRIGGER hydra_cutover_guard;
SELECT hydra_cutover.record_guard(:literal);
