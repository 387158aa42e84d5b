-- How far the target was compared with the source. Keys are data: the tables go with the schema.

-- One row for each walk through a table: what is done of the pass that is under way, and what the last one that was through proved.
CREATE TABLE IF NOT EXISTS hydra_cutover.parity_walk (
  name         text PRIMARY KEY,
  -- The pass that is under way; everything up to `after` was looked at in it.
  pass_began   timestamptz,
  after        text,
  pass_rows    bigint NOT NULL DEFAULT 0,
  -- Every row was looked at after this moment.
  proven_since timestamptz,
  proven_rows  bigint NOT NULL DEFAULT 0
);

-- Ranges that were not equal: the source may have changed meanwhile. Each is looked at again after a round of the sync.
CREATE TABLE IF NOT EXISTS hydra_cutover.parity_unequal (
  id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  walk     text NOT NULL,
  after    text,
  up_to    text,
  found_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  -- Rows that differed after every round of its last looks; 0 before.
  lasting  bigint NOT NULL DEFAULT 0,
  examples jsonb NOT NULL DEFAULT '[]'
);
