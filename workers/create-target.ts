import { z } from 'zod';
import { type CommandSpec, ProcessCommandRunner } from '../adapters/command/process-command-runner';
import { EtcdTarget } from '../adapters/target-etcd/etcd-target';
import { type ReloadCommand } from '../adapters/target-file/file-store';
import { FileTarget } from '../adapters/target-file/file-target';
import { HttpTarget } from '../adapters/target-http/http-target';
import { PostgresTarget } from '../adapters/target-postgres/postgres-target';
import { type Config } from '../config/schema';
import { CutoverFault } from '../domain/faults';
import { type Target } from '../domain/ports/targets';
import { commandSpec } from './command-spec';

export type TargetConfig = Config['targets'][number];

export interface ClosableTarget extends Target {
  /** Ends idle connections. Idempotent. */
  close(): Promise<void>;
}

const etcdState = z.record(z.string(), z.string());

/**
 * The adapter of one target. Connects to nothing yet.
 *
 * @param renew looks for newer secrets when one is refused; @returns whether there are
 * @param onLine is told what a command of the target prints
 * @throws CutoverFault CONFIG_INVALID for a target without what its kind needs, which the loader tells with everything else
 */
export function createTarget(
  target: TargetConfig,
  renew: () => Promise<boolean>,
  onLine: (command: string, line: string) => void,
): ClosableTarget {
  const { name, kind, states } = target;
  switch (kind) {
    case 'http': {
      const controlUrl = needed(target, 'controlUrl');
      const token = needed(target, 'token');
      return new HttpTarget({ name, controlUrl, ca: target.ca, token: () => token.reveal(), renew, states });
    }
    case 'file': {
      const { path, place, reload } = needed(target, 'file');
      const spec: CommandSpec | undefined = reload && commandSpec(`targets[${name}].file.reload`, reload);
      const commands = new ProcessCommandRunner<ReloadCommand>({
        commands: spec === undefined ? {} : { reload: spec },
        onLine: (_, line) => onLine(`reload of target ${name}`, line),
      });
      return new FileTarget({ name, file: path, place, states, commands });
    }
    case 'postgres': {
      const { host, port, database, user, password, ssl, table, row, createIfMissing } = needed(target, 'postgres');
      const login = { host, port, database, user, ssl, password: () => password?.reveal() ?? '' };
      return new PostgresTarget({ name, login, renew, table, row: row ?? name, states, createIfMissing });
    }
    case 'etcd': {
      const { endpoints, user, password, ca, recordKey } = needed(target, 'etcd');
      return new EtcdTarget({
        name,
        endpoints,
        ca,
        renew,
        login: user === undefined ? undefined : { user, password: () => password?.reveal() ?? '' },
        recordKey: recordKey ?? `/hydra-cutover/targets/${name}`,
        states: { blue: etcdState.parse(states.blue), green: etcdState.parse(states.green) },
      });
    }
  }
}

function needed<Key extends 'controlUrl' | 'token' | 'file' | 'postgres' | 'etcd'>(
  target: TargetConfig,
  key: Key,
): NonNullable<TargetConfig[Key]> {
  const value = target[key];
  if (value !== undefined) return value;
  throw new CutoverFault('CONFIG_INVALID', `target ${target.name} of kind ${target.kind} has no ${key}; add it`);
}
