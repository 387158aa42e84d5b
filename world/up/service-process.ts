import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type z } from 'zod';
import { type ProcessSpec, cleanEnvironment, readJson, typescriptCommand } from '../supervisor';
import { type WorldContext } from './world-part';

const READY_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 15_000;
/** A machine that runs the whole world is busy: a service waits for a slow Hydra almost as long as a client would. */
export const HYDRA_DEADLINE_MS = 25_000;

export interface Service<Ready> {
  readonly spec: ProcessSpec;
  /** After the start: what the service said of itself. */
  ready(): Ready;
}

export interface ServiceOptions<Ready> {
  readonly name: string;
  /** Below the project's root, for example `world/login-app/main.ts`. */
  readonly program: string;
  readonly config: object;
  /** Secrets reach a service by its environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly readySchema: z.ZodType<Ready>;
  /** Besides `--config` and `--ready`. */
  readonly args?: readonly string[];
}

/** The folder of one service's config and state. */
export function serviceFolder(context: Pick<WorldContext, 'dataDir'>, name: string): string {
  const folder = join(context.dataDir, name);
  mkdirSync(folder, { recursive: true, mode: 0o711 });
  return folder;
}

/** How the supervisor runs one of our services: `--config FILE --ready FILE`, ready when its ready file is there. */
export function serviceProcess<Ready>(
  context: Pick<WorldContext, 'runDir' | 'dataDir'>,
  options: ServiceOptions<Ready>,
): Service<Ready> {
  const { name, readySchema } = options;
  const configFile = join(serviceFolder(context, name), 'config.json');
  const readyFile = join(context.runDir, 'processes', `${name}.ready`);
  writeFileSync(configFile, `${JSON.stringify(options.config, null, 2)}\n`, { mode: 0o600 });
  const command = typescriptCommand(options.program, [
    ...['--config', configFile, '--ready', readyFile],
    ...(options.args ?? []),
  ]);
  return {
    spec: {
      name,
      command: command.command,
      args: command.args,
      env: cleanEnvironment({ ...command.env, ...options.env }),
      ready: async () => readySchema.safeParse(readJson(readyFile)).success,
      readyFile,
      readyTimeoutMs: READY_TIMEOUT_MS,
      stopTimeoutMs: STOP_TIMEOUT_MS,
    },
    ready: () => readySchema.parse(readJson(readyFile)),
  };
}
