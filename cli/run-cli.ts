import { CommanderError } from 'commander';
import { environmentOverrides } from '../config/overrides';
import { createLogger, LOG_LEVELS, type LogLevel } from '../config/logger';
import { asCutoverFault, CutoverFault } from '../domain/faults';
import { type CliContext } from './context';
import { createProgram, PROGRAM_NAME } from './program';
import { reportFault } from './report-fault';
import { type Verb } from './verb';
import { VERBS } from './verbs';

export interface RunCliOptions {
  readonly verbs?: readonly Verb[];
  /** Called once the verb is known and before it runs. */
  readonly onVerb?: (verb: Verb) => void;
}

/**
 * Runs one command line and never throws.
 *
 * @param args without the program's name
 * @returns the exit code
 */
export async function runCli(
  args: readonly string[],
  process: Omit<CliContext, 'logger'>,
  options: RunCliOptions = {},
): Promise<number> {
  let json = args.includes('--json');
  let context: CliContext = {
    ...process,
    logger: createLogger({ level: logLevel(undefined, process.env), destination: process.stderr }),
  };
  let exitCode = 0;
  const program = createProgram(options.verbs ?? VERBS, async (verb, verbOptions) => {
    json = verbOptions.json === true;
    const config = typeof verbOptions.config === 'string' ? { config: verbOptions.config } : {};
    const level = logLevel(verbOptions.logLevel, process.env);
    context = { ...context, ...config, logger: createLogger({ level, destination: process.stderr }) };
    options.onVerb?.(verb);
    exitCode = await verb.run(verbOptions, context);
  });
  const output = {
    writeOut: (text: string) => process.stdout.write(text),
    // Usage errors are told by reportFault, in one format with all others.
    writeErr: () => undefined,
    outputError: () => undefined,
  };
  for (const command of [program, ...program.commands]) command.configureOutput(output);
  if (args.length === 0) {
    process.stderr.write(program.helpInformation());
    return new CutoverFault('USAGE', 'no verb').exitCode;
  }
  try {
    await program.parseAsync([...args], { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    const fault = error instanceof CommanderError ? usageFault(error, args) : asCutoverFault(error);
    return reportFault(fault, json, context);
  }
}

function usageFault(error: CommanderError, args: readonly string[]): CutoverFault {
  // Not just any argument that is spelled like a verb: a gate is called `plan`, too.
  const first = args.find((arg) => !arg.startsWith('-'));
  const verb = VERBS.find(({ name }) => name === first)?.name;
  const help = [PROGRAM_NAME, ...(verb === undefined ? [] : [verb]), '--help'].join(' ');
  // Of a verb that is not there the program would print its own help and say nothing.
  if (error.code === 'commander.help') {
    return new CutoverFault('USAGE', `there is no verb ${args[1] ?? ''} to help with; see \`${help}\``, {}, error);
  }
  const text = error.message
    .replace(/^error: /, '')
    .replace(/\s*\n\s*/g, ' ')
    .replace(/\.$/, '');
  return new CutoverFault('USAGE', `${text}; see \`${help}\``, {}, error);
}

function logLevel(flag: unknown, env: NodeJS.ProcessEnv): LogLevel {
  const wanted =
    flag ?? environmentOverrides(env).overrides.find((override) => override.path.join('.') === 'log.level')?.value;
  return LOG_LEVELS.find((level) => level === wanted) ?? 'info';
}
