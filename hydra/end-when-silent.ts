/** Statements of one transaction follow each other within milliseconds. */
const SILENT_MS = 5_000;

/**
 * Behind the BEGIN of a transaction that others wait for: a worker that stops in the middle, with a connection that looks alive,
 * keeps its locks for seconds. Not for one that waits in between for something else than its own next statement.
 *
 * Source: PostgreSQL manual, "idle_in_transaction_session_timeout": the server ends the session, which rolls back.
 */
export const END_WHEN_SILENT = `SET LOCAL idle_in_transaction_session_timeout = ${SILENT_MS}`;
