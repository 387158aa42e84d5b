-- What the steps that prepare the copy must remember from one try to the next.
CREATE TABLE IF NOT EXISTS hydra_cutover.preparation (
  only_row    boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  -- Whose turn it is: a try of a step takes the next one, and those before it are refused from then on.
  generation  bigint NOT NULL DEFAULT 0,
  -- Set before a switchover begins on the source: from then on only the source knows whether its writes have moved.
  begun_epoch bigint,
  -- One for each such beginning. The source notes each first: a source that lacks one is a copy from before it.
  begun_tokens uuid[] NOT NULL DEFAULT '{}',
  -- Who could log in before: restored when the guards are in place. NULL: logins are as they were.
  logins      jsonb,
  -- The one "now" of the cleaning, and what it counted before it changed anything.
  clean_as_of timestamptz,
  clean_counts jsonb,
  cleaned     jsonb,
  repaired    jsonb
);
INSERT INTO hydra_cutover.preparation DEFAULT VALUES ON CONFLICT DO NOTHING;

-- What each transaction that prepares this side begins with. It can neither be opened nor abandoned, and no other try of a step can
-- begin, before that transaction ends; a switchover that has begun may open it at any moment. Without a generation: for whoever
-- begins a switchover. With its owner's rights: who cleans rows may ask whose turn it is, and could not lock these rows.
CREATE OR REPLACE FUNCTION hydra_cutover.assert_preparing(p_cutover_id text, p_generation bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $preparing$
DECLARE
  side_now hydra_cutover.run;
  kept hydra_cutover.preparation;
BEGIN
  SELECT * INTO side_now FROM hydra_cutover.run FOR SHARE;
  IF side_now.cutover_id IS DISTINCT FROM p_cutover_id THEN
    RAISE EXCEPTION 'it is % of cutover %', COALESCE(side_now.side, 'no side'), side_now.cutover_id USING ERRCODE = 'HC003';
  ELSIF side_now.state <> 'closed' THEN
    RAISE EXCEPTION 'it is % for epoch %', side_now.state, side_now.epoch USING ERRCODE = 'HC003';
  END IF;
  SELECT * INTO kept FROM hydra_cutover.preparation FOR SHARE;
  IF p_generation IS NULL THEN
    RETURN;
  ELSIF kept.generation IS DISTINCT FROM p_generation THEN
    RAISE EXCEPTION 'try % prepares it, and this is %', kept.generation, p_generation USING ERRCODE = 'HC003';
  ELSIF kept.begun_epoch IS NOT NULL THEN
    RAISE EXCEPTION 'a switchover to it has begun, for epoch %', kept.begun_epoch USING ERRCODE = 'HC003';
  END IF;
END
$preparing$;
REVOKE ALL ON FUNCTION hydra_cutover.assert_preparing(text, bigint) FROM PUBLIC;
SELECT hydra_cutover.record_made();
