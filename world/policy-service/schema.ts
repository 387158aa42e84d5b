/** Key of the advisory lock under which instances create the schema one after the other. */
export const SCHEMA_LOCK = 7_241_905;

/** `purged_policy` keeps what the job deleted, so that a purge on wrong answers can be seen and corrected. */
export const SCHEMA = `
CREATE TABLE IF NOT EXISTS policy (
  subject text NOT NULL,
  client text NOT NULL,
  document jsonb NOT NULL,
  updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (subject, client)
);
CREATE TABLE IF NOT EXISTS purged_policy (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  subject text NOT NULL,
  client text NOT NULL,
  document jsonb NOT NULL,
  updated_at timestamptz NOT NULL,
  purged_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  run_id bigint NOT NULL,
  epoch integer NOT NULL
);
CREATE TABLE IF NOT EXISTS cleanup_job (
  singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
  paused boolean NOT NULL DEFAULT false
);
INSERT INTO cleanup_job DEFAULT VALUES ON CONFLICT DO NOTHING;
CREATE TABLE IF NOT EXISTS cleanup_run (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  ended_at timestamptz,
  outcome text,
  epoch integer NOT NULL,
  subjects integer NOT NULL DEFAULT 0,
  policies integer NOT NULL DEFAULT 0,
  incomplete integer NOT NULL DEFAULT 0,
  purged integer NOT NULL DEFAULT 0,
  message text
);`;
