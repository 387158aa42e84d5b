import { type InPlaceDeps } from '../activities/in-place/deps';
import { type StepLog } from '../activities/step';
import { ProcessCommandRunner } from '../adapters/command/process-command-runner';
import { HttpHydraApi } from '../adapters/hydra-api';
import { PostgresDatabases } from '../adapters/postgres/postgres-databases';
import { startRecorder } from '../adapters/postgres/statement-recorder';
import { type Config } from '../config/schema';
import { IN_PLACE_COMMANDS, type InPlaceDatabase } from '../domain/in-place/settings';
import { HYDRA_LAUNCH_FACTS } from '../hydra/versions';
import { commandLog } from './command-log';
import { commandSpec } from './command-spec';
import { location, type Ports } from './ports';
import { inPlaceSettings } from './settings';

export interface InPlacePorts extends InPlaceDeps {
  /** Ends idle connections. Idempotent. */
  close(): Promise<void>;
}

/**
 * What an upgrade in place needs besides: both Hydras of blue, its scratch database and its commands. Connects to nothing yet.
 *
 * @returns undefined when the config has no such step
 */
export function createInPlacePorts(
  config: Config,
  { gateways, provider }: Pick<Ports, 'gateways' | 'provider'>,
  log: StepLog,
  renewSecrets: () => Promise<boolean>,
): InPlacePorts | undefined {
  const { inPlace, blue } = config;
  const settings = inPlaceSettings(config);
  if (inPlace === undefined || settings === undefined) return undefined;
  const live = location(config, 'blue');
  const { name, user, password } = inPlace.scratch;
  const scratchPassword = () => (password ?? blue.database.password)?.reveal() ?? '';
  const scratch = { ...live, name, user: user ?? live.user, password: scratchPassword };
  const databases = new PostgresDatabases<InPlaceDatabase>({ sides: { live, scratch }, provider, renewSecrets });
  const { apiGeneration } = HYDRA_LAUNCH_FACTS[inPlace.from];
  const hydraAt = ({ publicUrl, adminUrl }: { readonly publicUrl: string; readonly adminUrl: string }) => {
    const endpoints = { publicUrl, adminUrl, apiGeneration };
    return new HttpHydraApi({ sides: { blue: endpoints, green: endpoints } });
  };
  const hydra = { old: hydraAt(inPlace.old), new: hydraAt(blue) };
  const commands = IN_PLACE_COMMANDS.flatMap((command) => {
    const configured = inPlace.commands[command];
    return configured ? [[command, commandSpec(`inPlace.commands.${command}`, configured)] as const] : [];
  });
  return {
    settings,
    databases,
    startRecorder: async () => {
      const { host, port } = await databases.address('scratch');
      return startRecorder({ host, port, ssl: live.ssl });
    },
    withScratchPassword: (use) => use(scratchPassword()),
    commands: new ProcessCommandRunner({ commands: Object.fromEntries(commands), onLine: commandLog(log) }),
    gateways,
    hydra,
    log,
    close: async () => {
      await Promise.all([hydra.old.close(), hydra.new.close()]);
    },
  };
}
