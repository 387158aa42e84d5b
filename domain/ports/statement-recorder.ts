/** One statement as a program sent it, in the order of its session. */
export interface RecordedStatement {
  readonly session: number;
  readonly sql: string;
  /** Of a prepared statement; null for a NULL and for what was sent in binary form. */
  readonly parameters: readonly (string | null)[];
  /** The server refused it. */
  readonly failed: boolean;
}

/** An address that leads to a database and keeps what is said there. */
export interface StatementRecorder {
  readonly host: string;
  readonly port: number;
  /** What was sent so far, sessions one after the other. */
  statements(): readonly RecordedStatement[];
  close(): Promise<void>;
}
