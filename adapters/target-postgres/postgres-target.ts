import { type SideName } from '../../domain/sides';
import { type PostgresLogin } from '../postgres/open-connection';
import { RecordTarget } from '../target-record/record-target';
import { RowStore, type RowVersion } from './row-store';

export interface PostgresTargetOptions {
  readonly name: string;
  readonly login: PostgresLogin;
  /** `table` or `schema.table`. */
  readonly table: string;
  /** Value of column `name`. */
  readonly row: string;
  readonly states: Readonly<Record<SideName, unknown>>;
  /** Makes the table, and the row with blue's state, at the first stage. */
  readonly createIfMissing: boolean;
  /** Looks whether there is a newer password. @returns whether there is */
  readonly renew?: () => Promise<boolean>;
}

/** {@link RecordTarget} for a system that reads its config from one row of a table: column `state`, changed by one UPDATE. */
export class PostgresTarget extends RecordTarget<RowVersion | null> {
  constructor({ name, login, table, row, states, createIfMissing, renew }: PostgresTargetOptions) {
    const initial = createIfMissing ? { state: states.blue } : undefined;
    super({ name, states, store: new RowStore({ name, login, table, row, initial, renew }) });
  }
}
