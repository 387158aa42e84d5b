import { type SideName } from '../../domain/sides';
import { RecordTarget } from '../target-record/record-target';
import { RowStore, type RowStoreOptions, type RowVersion } from './row-store';

export interface PostgresTargetOptions extends Omit<RowStoreOptions, 'initial'> {
  readonly states: Readonly<Record<SideName, unknown>>;
  /** Makes the table, and the row with blue's state, at the first stage. */
  readonly createIfMissing: boolean;
}

/** {@link RecordTarget} for a system that reads its config from one row of a table: column `state`, changed by one UPDATE. */
export class PostgresTarget extends RecordTarget<RowVersion | null> {
  constructor({ states, createIfMissing, ...store }: PostgresTargetOptions) {
    const initial = createIfMissing ? { state: states.blue } : undefined;
    super({ name: store.name, states, store: new RowStore({ ...store, initial }) });
  }
}
