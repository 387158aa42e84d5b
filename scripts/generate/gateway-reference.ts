import { z } from 'zod';
import { type ConfigField, fieldsOf, type SchemaNode } from '../../config/catalogue';
import { formatPath } from '../../config/problems';
import { gatewayConfigSchema } from '../../gateway/node/config-schema';
import { fieldRow, foldItems } from './config-reference';
import { code, GENERATED_NOTE, table } from './markdown';

const INTRODUCTION = `# Config reference of the gateway

${GENERATED_NOTE}

A YAML file (JSON is YAML), named by \`--config\`. [examples/gateway.yaml](../../examples/gateway.yaml) is a complete one, and
[docs/gateway.md](../gateway.md) says what the features do. \`--check\` reports every problem at once, and opens no port.
What is required, is so where the section around it is given. Durations are milliseconds and end in \`Ms\`, sizes are bytes and
end in \`Bytes\`. Secrets are no part of it: they come from the environment, or
from files that it names.
`;

export function gatewayFields(): readonly ConfigField[] {
  const schema = z.toJSONSchema(gatewayConfigSchema, { io: 'input', target: 'draft-7', unrepresentable: 'any' });
  return fieldsOf(schema as SchemaNode).filter(({ path }) => path.length > 0);
}

export function renderGatewayReference(): string {
  const fields = gatewayFields();
  const sections = fields.filter(({ path, kind }) => path.length === 1 && kind === 'section');
  const others = fields.filter(({ path }) => !sections.some((section) => section.path[0] === path[0]));
  return [
    INTRODUCTION,
    ...sections.map((section) => renderSection(section, fields)),
    '## Other keys',
    renderTable(others),
  ].join('\n\n');
}

function renderSection(section: ConfigField, fields: readonly ConfigField[]): string {
  const name = section.path[0] ?? '';
  const inside = fields.filter(({ path, kind }) => path[0] === name && path.length > 1 && kind !== 'section');
  const parts = fields.filter(({ path, kind, description }) => {
    return path[0] === name && path.length > 1 && kind === 'section' && description !== '';
  });
  const about = parts.map(({ path, description }) => `- ${code(formatPath(path))}: ${description}`);
  const optional = section.required ? '' : ' May be left out.';
  return [
    `## ${code(name)}`,
    `${section.description}${optional}`,
    ...(about.length === 0 ? [] : [about.join('\n')]),
    renderTable(inside),
  ].join('\n\n');
}

function renderTable(fields: readonly ConfigField[]): string {
  return table(['field', 'is', 'allowed', 'default'], foldItems(fields).map(fieldRow));
}
