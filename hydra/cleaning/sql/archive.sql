CREATE TABLE IF NOT EXISTS :schema.archive (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  rule_id text NOT NULL,
  as_of timestamptz NOT NULL,
  archived_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  table_name text NOT NULL,
  key jsonb NOT NULL,
  -- An update keeps the columns that it changed, an insert has no before, a delete no after.
  before jsonb,
  after jsonb
);
CREATE INDEX IF NOT EXISTS archive_key_idx ON :schema.archive (table_name, key);
