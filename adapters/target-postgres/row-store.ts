import { errorMessage } from '../../domain/error-message';
import { escapeLiteral } from 'pg';
import { CutoverFault } from '../../domain/faults';
import { knownRecord, withRecordVersion } from '../../domain/record-version';
import { initialTargetRecord } from '../../domain/target';
import { errorCode } from '../network-errors';
import { explainConnectionError } from '../postgres/connection-problem';
import { type PostgresLogin } from '../postgres/open-connection';
import { storedRecord } from '../target-record/record-schema';
import { type Change, type Held, type Proved, type RecordStore, type State } from '../target-record/record-target';
import { KeptConnection } from './kept-connection';

export interface RowStoreOptions {
  /** Of the target, for messages. */
  readonly name: string;
  readonly login: PostgresLogin;
  /** `table` or `schema.table`, as it is spelt in the catalogue. */
  readonly table: string;
  /** Value of column `name`. */
  readonly row: string;
  /** Looks whether there is a newer password. @returns whether there is */
  readonly renew?: (() => Promise<boolean>) | undefined;
  /** What a row that is missing begins with, where this program may make the table and the row. */
  readonly initial?: { readonly state: State } | undefined;
}

/** What changed tells the number, and the text of the state: others may write it without knowing of the number. */
export interface RowVersion {
  readonly version: string;
  readonly state: string;
}

interface Row {
  readonly state: State;
  readonly stateText: string;
  readonly record: unknown;
  readonly version: string;
}

const TIMEOUT_MS = 5_000;

/** SQLSTATEs that somebody has to do something about. Source: PostgreSQL manual, "PostgreSQL Error Codes". */
const REFUSALS: Readonly<Record<string, string>> = {
  '42P01': 'the table does not exist; make it as docs/targets.md shows, or set createIfMissing',
  '42703': 'the table has not the columns of docs/targets.md; correct it or name another table',
  '42501': 'the role may not do that; grant it SELECT and UPDATE on the table',
  '3F000': 'the schema does not exist; make it, or correct the table',
  '23514': 'a CHECK constraint of the table refuses the state; correct the state or the constraint',
};

/** IF NOT EXISTS looks before the other one is done: then the name of the table, of its type or of a key is taken. */
const MADE_BY_ANOTHER = ['42P07', '42710', '23505'];

/** {@link RecordStore} of one row: column `state` is what the foreign system reads. Every change is one UPDATE. */
export class RowStore implements RecordStore<RowVersion | null> {
  readonly #options: RowStoreOptions;
  readonly #connection: KeptConnection;
  readonly #table: string;

  constructor(options: RowStoreOptions) {
    this.#options = options;
    this.#connection = new KeptConnection(options.login, `target ${options.name}`, TIMEOUT_MS);
    this.#table = options.table
      .split('.')
      .map((part) => `"${part.replaceAll('"', '""')}"`)
      .join('.');
  }

  async load(): Promise<Held<RowVersion | null>> {
    const { initial, row: name } = this.#options;
    const row = await this.#row();
    if (row === undefined) {
      if (initial !== undefined) return heldOf(initial.state);
      throw this.#fault('TARGET_REFUSED', `there is no row "${name}"; insert it as docs/targets.md shows`);
    }
    const { state, stateText, version } = row;
    const record = row.record === null ? initialTargetRecord(state) : this.#parse(row.record);
    return { record, live: state, settled: true, version: { version, state: stateText } };
  }

  async save(held: Held<RowVersion | null>, { record, live }: Change): Promise<Held<RowVersion | null> | undefined> {
    // As it stands there: numbers of others may be beyond what JSON in here can hold.
    const kept = held.version?.state ?? JSON.stringify(held.live);
    const next = live === undefined ? kept : JSON.stringify(live.state);
    const values = [this.#options.row, next, record.applied.epoch, JSON.stringify(withRecordVersion(record))];
    if (held.version === null) return this.#insert(values);
    const sql = `UPDATE ${this.#table} SET state = $2::jsonb, epoch = $3, record = $4::jsonb, version = version + 1
      WHERE name = $1 AND version = $5::bigint AND state::text = $6 RETURNING ${COLUMNS}`;
    const rows = await this.#query(sql, [...values, held.version.version, held.version.state]);
    return this.#saved(rows);
  }

  /**
   * The UPDATE of the apply, taken back at once: a trigger or a constraint of the table has its say while blue still serves.
   * One message, because statements of others share the session.
   */
  async prove(epoch: number, state: State): Promise<Proved | undefined> {
    const value = `${escapeLiteral(JSON.stringify(state))}::jsonb`;
    const update = `UPDATE ${this.#table} SET state = ${value}, epoch = ${Math.trunc(epoch)}, version = version + 1
      WHERE name = ${escapeLiteral(this.#options.row)} RETURNING state`;
    try {
      const results: unknown = await this.#connection.query(`BEGIN; ${update}; ROLLBACK`, []);
      const rows = (results as readonly { readonly rows: readonly { readonly state: State }[] }[])[1]?.rows;
      return rows?.[0] && { live: rows[0].state };
    } catch (error) {
      // Made with the first record.
      if (this.#options.initial !== undefined && hasState(error, '42P01')) return undefined;
      throw this.#explain(error);
    }
  }

  close(): Promise<void> {
    return this.#connection.close();
  }

  async #insert(values: readonly unknown[]): Promise<Held<RowVersion> | undefined> {
    const sql = `INSERT INTO ${this.#table} (name, state, epoch, record) VALUES ($1, $2::jsonb, $3, $4::jsonb)
      ON CONFLICT (name) DO NOTHING RETURNING ${COLUMNS}`;
    try {
      return this.#saved(await this.#query(sql, values));
    } catch (error) {
      if (!hasState(error, '42P01')) throw error;
      await this.#create();
      return undefined;
    }
  }

  async #create(): Promise<void> {
    await this.#query(targetTableSql(this.#table), []).catch((error: unknown) => {
      if (!MADE_BY_ANOTHER.some((state) => hasState(error, state))) throw error;
    });
  }

  async #row(): Promise<Row | undefined> {
    try {
      return (await this.#query(`SELECT ${COLUMNS} FROM ${this.#table} WHERE name = $1`, [this.#options.row]))[0];
    } catch (error) {
      if (this.#options.initial !== undefined && hasState(error, '42P01')) return undefined;
      throw error;
    }
  }

  #saved([row]: readonly Row[]): Held<RowVersion> | undefined {
    if (row === undefined) return undefined;
    const { state, stateText, version, record } = row;
    return { record: this.#parse(record), live: state, settled: true, version: { version, state: stateText } };
  }

  async #query(sql: string, values: readonly unknown[]): Promise<readonly Row[]> {
    const ask = () => this.#connection.query<Row & Record<string, unknown>>(sql, values);
    try {
      return (await ask()).rows;
    } catch (error) {
      const renewed = hasState(error, WRONG_PASSWORD) && (await this.#options.renew?.()) === true;
      if (!renewed) throw this.#explain(error);
    }
    return (await ask().catch((error: unknown) => Promise.reject(this.#explain(error)))).rows;
  }

  #explain(error: unknown): CutoverFault {
    const code = errorCode(error) ?? '';
    const refusal = REFUSALS[code];
    if (refusal !== undefined) return this.#fault('TARGET_REFUSED', refusal, error);
    const { kind, what, fix } = explainConnectionError(error, 'targets[].postgres');
    if (kind === 'other') return this.#fault('TARGET_UNREACHABLE', `${errorMessage(error)} (${code})`, error);
    return this.#fault(kind === 'unreachable' ? 'TARGET_UNREACHABLE' : 'TARGET_REFUSED', `${what}; ${fix}`, error);
  }

  #parse(record: unknown) {
    const { name, table } = this.#options;
    const parsed = storedRecord.safeParse(knownRecord(record, `column "record" of ${name} in table ${table}`));
    if (parsed.success) return parsed.data;
    throw this.#fault(
      'STATE_UNREADABLE',
      'column "record" is not what this program wrote; set it to NULL only when you know which epoch is committed',
    );
  }

  #fault(
    code: 'TARGET_UNREACHABLE' | 'TARGET_REFUSED' | 'STATE_UNREADABLE',
    what: string,
    cause?: unknown,
  ): CutoverFault {
    const { name, login, table } = this.#options;
    const where = `${login.host}:${login.port}/${login.database}, table ${table}`;
    return new CutoverFault(code, `${name} at ${where}: ${what}`, { name }, cause);
  }
}

const WRONG_PASSWORD = '28P01';

const COLUMNS = `state, state::text AS "stateText", record, version::text AS version`;

/** @param table quoted */
function targetTableSql(table: string): string {
  return `CREATE TABLE IF NOT EXISTS ${table} (
    name text PRIMARY KEY,
    state jsonb NOT NULL,
    epoch bigint NOT NULL DEFAULT 0,
    record jsonb,
    version bigint NOT NULL DEFAULT 0
  )`;
}

function heldOf(state: State): Held<null> {
  return { record: initialTargetRecord(state), live: state, settled: true, version: null };
}

/** Of the error, or of the driver's error behind our own. */
function hasState(error: unknown, sqlState: string): boolean {
  if (typeof error !== 'object' || error === null) return false;
  const { code, cause } = error as { code?: unknown; cause?: unknown };
  return code === sqlState || hasState(cause, sqlState);
}
