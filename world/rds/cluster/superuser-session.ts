import { type Client } from 'pg';
import { withSession } from '../../net/with-session';

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
export function withSuperuser<T>(place: SessionPlace, work: (client: Client) => Promise<T>): Promise<T> {
  const config = {
    host: '127.0.0.1',
    port: place.port,
    user: place.user ?? SUPERUSER,
    password: place.password,
    database: place.database ?? SUPERUSER_DATABASE,
    application_name: 'rds endpoint',
    connectionTimeoutMillis: 10_000,
  };
  return withSession(config, work);
}
