import { type SideName } from '../../domain/sides';
import { RecordTarget } from '../target-record/record-target';
import { type EtcdOptions } from './etcd-client';
import { KeysStore, type Revisions } from './keys-store';

/** Key → value. */
type EtcdState = Readonly<Record<string, string>>;

export interface EtcdTargetOptions extends EtcdOptions {
  /** A key that one side has and the other has not is removed with the flip. */
  readonly states: Readonly<Record<SideName, EtcdState>>;
  readonly recordKey: string;
}

/** {@link RecordTarget} for a system that reads keys of etcd: all of them change in one transaction. */
export class EtcdTarget extends RecordTarget<Revisions> {
  constructor({ states, ...options }: EtcdTargetOptions) {
    const keys = [...new Set([...Object.keys(states.blue), ...Object.keys(states.green)])];
    const whole = (state: EtcdState) => Object.fromEntries(keys.map((key) => [key, state[key] ?? null]));
    const store = new KeysStore({ ...options, keys });
    super({ name: options.name, states: { blue: whole(states.blue), green: whole(states.green) }, store });
  }
}
