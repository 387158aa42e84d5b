import { Client, type ClientConfig } from 'pg';

/** Runs `work` on a session of its own, which is closed in every case. @throws the driver's own errors */
export async function withSession<T>(config: ClientConfig, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client(config);
  // A server that dies reports it here too; the query in flight is rejected anyway.
  client.on('error', () => undefined);
  try {
    await client.connect();
    return await work(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}
