import { type PostgresMajor } from '../../../../domain/postgres-majors';

/** A database as somebody may have it, and what has to become of it. */
export interface OddDatabase {
  readonly name: string;
  /** Run on blue as its superuser; `:owner` owns Hydra's tables, `:ours` is our role. */
  readonly make: string;
  /** Run on the server as its superuser, each by itself, before blue is made and after it is gone. */
  readonly server?: { readonly before: readonly string[]; readonly after: readonly string[] };
  /** Blue is made anew and not copied: what `CREATE DATABASE` says of it. */
  readonly anew?: string;
  /** What the refusal has to name before anything is changed. @default it is carried whole */
  readonly refused?: RegExp;
  /** What the plan has to name. */
  readonly told?: RegExp;
  /** The first PostgreSQL that knows such a thing. */
  readonly since?: PostgresMajor;
  /** Also where there is time for a few. */
  readonly isTriedAlways?: true;
}

export const UNFORCED = 'SET session_replication_role = replica;';

/** A client as another, under another name. */
export const client = (id: string): string =>
  `INSERT INTO hydra_client SELECT (jsonb_populate_record(one, jsonb_build_object('id', ${id}, 'pk', nextval('hydra_client_pk_seq')))).*
     FROM hydra_client AS one WHERE one.id = (SELECT max(id) FROM hydra_client);`;

export const some = (table: string, n: number): string => `hashtext(${table}::text) % ${n} = 0`;
