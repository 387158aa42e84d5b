import { type SideName } from '../sides';
import { type SqlClient } from './sql-client';

/** Sessions on the databases of both sides. @typeParam Name what tells the databases apart */
export interface Databases<Name extends string = SideName> {
  /**
   * Runs `work` in a session of its own, as our role unless `login` says otherwise, and ends the session afterwards. A
   * session that is needed for long is one long `work`; two sides at once are two nested calls.
   *
   * @throws CutoverFault DB_UNREACHABLE (no session; also when green does not exist yet) | DB_UNTRUSTED (TLS does not prove
   * that the server is the one that is meant) | whatever `work` throws
   */
  withSession<T>(side: Name, work: (client: DatabaseSession) => Promise<T>, options?: SessionOptions): Promise<T>;

  /** Where a command finds the database. @throws CutoverFault DB_UNREACHABLE when green does not exist yet */
  address(side: Name): Promise<DatabaseAddress>;

  /**
   * Hands the configured password of Hydra's role to `use`, which must not keep it. A side without one keeps what it has.
   *
   * @returns whether there is one
   */
  withHydraPassword?(side: Name, use: (password: string) => Promise<void>): Promise<boolean>;
}

export interface SessionOptions {
  /** Ends the session, and with it whatever statement runs, when it is aborted. */
  readonly signal?: AbortSignal;
  /**
   * Where the config names one. `worker`: as the role that reads Hydra's rows, cleans them on green, and may decide nothing. `look`: as the one that
   * reads no row of Hydra's and none of ours, and is told how things stand. @default ours
   */
  readonly as?: 'worker' | 'look';
  /** Another role than ours. */
  readonly login?: { readonly user: string; readonly password: string };
  /** Shown in pg_stat_activity behind "hydra-cutover". */
  readonly purpose?: string;
  /**
   * A statement that is not answered for so long ends the session and throws DB_UNREACHABLE; whether it was done is unknown then. A
   * network that swallows packets would otherwise be noticed by TCP alone, after a quarter of an hour.
   * @default none: statements may take as long as they like
   */
  readonly answerLimitMs?: number;
  /** See {@link SqlClient.isPipelined}. */
  readonly isPipelined?: boolean;
  /**
   * A statement with parameters that is asked again is prepared, and planned once: for a session that asks the same things many
   * times, each of little. Of a statement whose best plan depends on its values it gets the general one, and none is compiled.
   * @default false
   */
  readonly keepsPlans?: boolean;
}

export interface DatabaseSession extends SqlClient {
  /** Of the server process: what another session can cancel or terminate. */
  readonly backendPid: number;
}

export interface DatabaseAddress {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  /** Ours. */
  readonly user: string;
  /** As in libpq. */
  readonly sslMode: string;
  /** Certificates to trust, in PEM form. Without them: those that the client brings. */
  readonly ca?: string;
}
