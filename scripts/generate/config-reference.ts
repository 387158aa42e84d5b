import { ANY_INDEX, CONFIG_FIELDS, ENVIRONMENT_PREFIX, type ConfigField } from '../../config/catalogue';
import { CONFIG_FILE_BYTES_MAX } from '../../config/load';
import { OTHER_VARIABLES } from '../../config/overrides';
import { formatPath } from '../../config/problems';
import { REFERENCED_FILE_BYTES_MAX } from '../../config/references';
import { code, GENERATED_NOTE, table } from './markdown';

const INTRODUCTION = `# Config reference

${GENERATED_NOTE}

A YAML file (JSON is YAML), named by \`--config\`. [examples/hydra-cutover.yaml](../../examples/hydra-cutover.yaml) is a complete one.
Editors complete and check it with [docs/config.schema.json](../config.schema.json):

\`\`\`yaml
# yaml-language-server: $schema=../docs/config.schema.json
\`\`\`

**Where values come from**: flag > environment > file > default.

- \`--set PATH=VALUE\`, for example \`--set log.level=debug\`, may be repeated. Never for secrets: other users see the command line.
- The variables of the tables below: the path in capitals, \`__\` between its parts, \`_\` between the words of a part. A list is written as JSON. A variable that begins with \`${ENVIRONMENT_PREFIX}\` and is not listed here is an error.
- Other settings are not read from the environment, but those of Temporal (\`TEMPORAL_…\`) and AWS (\`AWS_…\`) keep their meaning.

**References** may stand in any text, also in the middle of it:

- \`\${env:NAME}\` is the environment variable, which must be set.
- \`\${file:PATH}\` is the content of a file of at most ${REFERENCED_FILE_BYTES_MAX / 1024} KiB, without its last line break. Relative paths start at the folder of the config file (in variables and flags: at the current folder).
- \`$\${\` is a literal \`\${\`.

Secrets are written as references only, or given by their variable. After loading they print as \`[redacted]\` wherever they appear.

All problems are reported at once, each with its path, its place and what to do. The file is read once (at most ${CONFIG_FILE_BYTES_MAX / 1024} KiB) and never again.
Durations are milliseconds and end in \`Ms\`, sizes are bytes and end in \`Bytes\`.
`;

export function renderConfigReference(): string {
  const sections = CONFIG_FIELDS.filter((field) => field.path.length === 1);
  return [INTRODUCTION, ...sections.map(renderSection), renderOtherVariables()].join('\n\n');
}

/** What a field is, may be, and is without being set. */
export function fieldRow(field: ConfigField): readonly string[] {
  const path = formatPath(field.path).replaceAll('.*', '[]');
  const allowed = field.secret ? `**secret**: ${field.allowed}` : field.allowed;
  return [code(path), field.description, allowed, defaultText(field)];
}

function renderSection(section: ConfigField): string {
  const name = section.path[0] ?? '';
  const inside = CONFIG_FIELDS.filter(({ path, kind }) => path[0] === name && (kind === 'value' || path.length > 1));
  const fields = foldItems(inside).filter(({ kind }) => kind !== 'section');
  const list = section.variable === undefined ? [] : [`Variable: ${code(section.variable)}, as JSON.`];
  const intro = section.required ? section.description : `${section.description} May be left out.`;
  return [
    `## ${code(name)}`,
    intro,
    ...list,
    table(['field', 'is', 'allowed', 'default', 'variable'], fields.map(row)),
  ].join('\n\n');
}

/** Lists and maps whose items have nothing said of them alone are one row, which says what each item may be. */
export function foldItems(fields: readonly ConfigField[]): readonly ConfigField[] {
  const isItem = ({ path, kind, description }: ConfigField): boolean =>
    path.at(-1) === ANY_INDEX && kind === 'value' && description === '';
  return fields.flatMap((field, index) => {
    if (isItem(field)) return [];
    const next = fields[index + 1];
    if (field.kind === 'section' || field.kind === 'value' || next === undefined || !isItem(next)) return [field];
    return [{ ...field, allowed: `${field.allowed}, each: ${next.allowed}` }];
  });
}

function row(field: ConfigField): readonly string[] {
  return [...fieldRow(field), field.variable === undefined ? '' : code(field.variable)];
}

function defaultText(field: ConfigField): string {
  // An item is neither required nor given: the list around it says what holds without it.
  if (field.path.at(-1) === ANY_INDEX) return '';
  if (field.default !== undefined) return code(JSON.stringify(field.default).replace(/^"|"$/g, ''));
  return field.required ? '**required**' : 'none';
}

function renderOtherVariables(): string {
  const rows = Object.entries(OTHER_VARIABLES).map(([name, meaning]) => [code(name), meaning]);
  return [
    '## Environment of this machine',
    'Not part of the config of an environment.',
    table(['variable', 'is'], rows),
  ].join('\n\n');
}
