import { type CommandSpec } from '../adapters/command/process-command-runner';
import { type CommandConfig } from '../config/schema';

/** @param path where the command stands in the config, for messages */
export function commandSpec(path: string, command: CommandConfig): CommandSpec {
  const { argv, env, secretEnv, workingDirectory, timeoutMs } = command;
  const secrets = Object.entries(secretEnv).map(([name, secret]) => [name, () => secret.reveal()] as const);
  return {
    path,
    argv,
    env,
    secretEnv: Object.fromEntries(secrets),
    timeoutMs,
    workingDirectory,
  };
}
