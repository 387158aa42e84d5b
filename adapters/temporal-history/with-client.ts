import { Client, Connection, type ConnectionOptions } from '@temporalio/client';

export interface TemporalRunOptions {
  /** Asked for each time: reading a profile may fail, and then only this answer is missing. */
  readonly connection: () => { readonly connectionOptions: ConnectionOptions; readonly namespace: string };
  /** For all of one look. */
  readonly timeoutMs: number;
}

/** Connects for one look and leaves nothing open. @throws when nobody answers in time */
export async function withClient<T>(
  { connection: connect, timeoutMs }: TemporalRunOptions,
  look: (client: Client) => Promise<T>,
): Promise<T> {
  const { connectionOptions, namespace } = connect();
  const connection = Connection.lazy({ ...connectionOptions, connectTimeout: timeoutMs });
  try {
    const client = new Client({ connection, namespace });
    return await connection.withDeadline(Date.now() + timeoutMs, () => look(client));
  } finally {
    await connection.close();
  }
}
