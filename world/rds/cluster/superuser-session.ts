import { Client } from 'pg';

/** The superuser of every cluster, as on RDS. Its password never leaves the endpoint. */
export const SUPERUSER = 'rdsadmin';
/** A database of the superuser's own: the master may drop any other. */
export const SUPERUSER_DATABASE = 'rdsadmin';

export interface SessionPlace {
  readonly port: number;
  /** @default rdsadmin */
  readonly user?: string;
  readonly password: string;
  /** @default rdsadmin */
  readonly database?: string;
}

/** Runs `work` on a session of its own, which is closed in every case. */
export async function withSuperuser<T>(place: SessionPlace, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({
    host: '127.0.0.1',
    port: place.port,
    user: place.user ?? SUPERUSER,
    password: place.password,
    database: place.database ?? SUPERUSER_DATABASE,
    application_name: 'rds endpoint',
    connectionTimeoutMillis: 10_000,
  });
  // A server that dies reports it here too; the query in flight is rejected anyway.
  client.on('error', () => undefined);
  try {
    await client.connect();
    return await work(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}
