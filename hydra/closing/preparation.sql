-- What the steps that prepare green must remember from one try to the next.
CREATE TABLE IF NOT EXISTS hydra_cutover.preparation (
  only_row    boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  -- Who could log in before: restored when the guards are in place. NULL: logins are as they were.
  logins      jsonb,
  -- The one "now" of the cleaning, and what it counted before it changed anything.
  clean_as_of timestamptz,
  clean_counts jsonb,
  cleaned     jsonb,
  repaired    jsonb
);
INSERT INTO hydra_cutover.preparation DEFAULT VALUES ON CONFLICT DO NOTHING;
