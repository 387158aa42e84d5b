/**
 * A condition that is always true, of an UPDATE that marks what was carried: its commit waits for no flush. Of what a crash takes away of it nothing is
 * lost, because what is not marked is carried once more and changes nothing; and every later commit that is durable makes it durable too.
 *
 * Source: PostgreSQL manual, "Asynchronous Commit".
 */
export const UNFLUSHED = `(SELECT pg_catalog.set_config('synchronous_commit', 'off', true)) = 'off'`;
