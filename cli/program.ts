import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { addCommonOptions, type Verb } from './verb';

export const PROGRAM_NAME = 'hydra-cutover';

const EXIT_CODE_HELP =
  'Exit codes: 0 done, 1 a defect, 2 usage or config, 3-6 as in the fault reference, 130 interrupted.';

/**
 * The command line as commander sees it. It prints nothing but help and version, and never ends the process: what goes
 * wrong is thrown as a CommanderError.
 *
 * @param run called with the chosen verb and its options
 */
export function createProgram(
  verbs: readonly Verb[],
  run: (verb: Verb, options: Readonly<Record<string, unknown>>) => Promise<void>,
): Command {
  const program = new Command(PROGRAM_NAME)
    .description('Takes a production Ory Hydra to its next version, blue to green, without an outage or a lost write.')
    .version(readVersion(), '--version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand('help [verb]', 'print help, of a verb or of all')
    .showSuggestionAfterError(true)
    .exitOverride()
    .addHelpText('after', `\n${EXIT_CODE_HELP}`);
  for (const verb of verbs) {
    const command = program
      .command(verb.name)
      .summary(verb.summary)
      .description(verb.description.join('\n\n'))
      .helpOption('-h, --help', 'print help')
      .exitOverride()
      .allowExcessArguments(false)
      .addHelpText('after', verbHelp(verb))
      .action((...given: readonly unknown[]) => run(verb, parsed(given)));
    verb.addOptions(command);
    addCommonOptions(command);
  }
  return program;
}

/** Options and, by their names, arguments. Commander hands over the arguments, the options and the command. */
function parsed(given: readonly unknown[]): Readonly<Record<string, unknown>> {
  const command = given.at(-1) as Command;
  const named = command.registeredArguments.map((argument, index) => [argument.name(), given[index]]);
  return { ...(Object.fromEntries(named) as Readonly<Record<string, unknown>>), ...command.opts() };
}

export function readVersion(): string {
  const manifest = JSON.parse(readFileSync(join(__dirname, '..', 'package.json'), 'utf8')) as { version: string };
  return manifest.version;
}

function verbHelp(verb: Verb): string {
  const codes = Object.entries(verb.exitCodes).map(([code, meaning]) => `  ${code}  ${meaning}`);
  return ['', 'Exit codes:', ...codes, '', 'Examples:', ...verb.examples.map((line) => `  ${line}`)].join('\n');
}
