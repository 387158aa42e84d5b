-- What is ours in a database that is upgraded in place. It outlives the worker: whoever comes next goes on from here.
CREATE SCHEMA IF NOT EXISTS hydra_cutover_in_place;
REVOKE ALL ON SCHEMA hydra_cutover_in_place FROM PUBLIC;
CREATE TABLE IF NOT EXISTS hydra_cutover_in_place.run (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  cutover_id text NOT NULL,
  plan jsonb NOT NULL,
  -- From when on the old version's sessions look into the compatibility schema; null: they do not.
  switched_at timestamptz,
  -- What the old version's role had for a search_path of its own; null: nothing.
  path_before text,
  -- Before the first act: from then on the old version needs its views.
  begun_at timestamptz,
  booked_at timestamptz,
  -- Of the step that ran a command last; one that was begun before it comes too late.
  last_order bigint NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS hydra_cutover_in_place.act (
  number integer PRIMARY KEY,
  done_at timestamptz,
  -- Of an update: the last key that was done.
  progress jsonb
);
-- Of what the sessions of the old version are told by.
ALTER TABLE hydra_cutover_in_place.run ADD COLUMN IF NOT EXISTS marks_secret text NOT NULL DEFAULT gen_random_uuid()::text;
