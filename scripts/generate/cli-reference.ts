import { type Command, type Option } from 'commander';
import { OUTPUT_SCHEMA_VERSION } from '../../cli/context';
import { createProgram, PROGRAM_NAME } from '../../cli/program';
import { type Verb } from '../../cli/verb';
import { VERBS } from '../../cli/verbs';
import { code, GENERATED_NOTE, table } from './markdown';

const INTRODUCTION = `# CLI reference

${GENERATED_NOTE}

Results go to stdout, logs (JSON lines) and faults to stderr. Exit codes: 0 done, 1 a defect of this program, 2 usage or config, 3-6 as in the
[fault reference](faults.md), 130 interrupted.

With \`--json\` stdout holds exactly one JSON object with \`"schemaVersion": ${OUTPUT_SCHEMA_VERSION}\`; the version changes when a field goes or changes its meaning, not when one
is added. A fault gives \`{ "schemaVersion": ${OUTPUT_SCHEMA_VERSION}, "ok": false, "error": { "code", "message", "retryable", "details" } }\`.`;

export function renderCliReference(): string {
  const program = createProgram(VERBS, async () => undefined);
  const overview = table(
    ['verb', 'does'],
    VERBS.map((verb) => [code(verb.name), verb.summary]),
  );
  const verbs = VERBS.map((verb) => renderVerb(verb, program));
  return [INTRODUCTION, overview, ...verbs].join('\n\n') + '\n';
}

function renderVerb(verb: Verb, program: Command): string {
  const command = program.commands.find((candidate) => candidate.name() === verb.name);
  const options = [
    ...(command?.registeredArguments ?? []).map((argument) => [
      code(`<${argument.name()}>`),
      optionText({ description: argument.description, argChoices: argument.argChoices }),
    ]),
    ...(command?.options ?? []).map((option) => [code(option.flags), optionText(option)]),
  ];
  const codes = Object.entries(verb.exitCodes).map(([exitCode, meaning]) => [exitCode, meaning]);
  const fields = Object.entries(verb.json).map(([field, meaning]) => [code(field), meaning]);
  return [
    `## ${code(`${PROGRAM_NAME} ${verb.name}`)}`,
    ...verb.description,
    `\`\`\`sh\n${verb.examples.join('\n')}\n\`\`\``,
    table(['option', 'is'], options),
    table(['exit', 'meaning'], codes),
    'Fields of `--json`:',
    table(['field', 'is'], fields),
  ].join('\n\n');
}

function optionText(option: Pick<Option, 'description' | 'argChoices'>): string {
  const choices = option.argChoices === undefined ? '' : ` (${option.argChoices.join(', ')})`;
  return `${option.description}${choices}`;
}
