import { inputJsonSchema, type SchemaNode } from '../../config/catalogue';
import { INTERNAL_META } from '../../config/fields';

/** Any text with a reference in it is acceptable to an editor, whatever the field wants in the end. */
const REFERENCE = { type: 'string', pattern: '\\$\\{(env|file):[^{}]+\\}' } as const;

/** The JSON Schema for editors: the schema of the loader, with references allowed wherever a value may stand. */
export function renderConfigSchema(): string {
  const { $schema, ...root } = forEditors(inputJsonSchema()) as SchemaNode & { $schema?: string };
  return `${JSON.stringify({ $schema, title: 'hydra-cutover config', ...root }, undefined, 2)}\n`;
}

function forEditors(node: SchemaNode): unknown {
  const kept = withoutInternal(node);
  if (node.properties) {
    const properties = Object.entries(node.properties).map(([key, child]) => [key, forEditors(child)]);
    return { ...kept, properties: Object.fromEntries(properties) as unknown };
  }
  if (node.items) return { ...kept, items: forEditors(node.items) };
  if (typeof node.additionalProperties === 'object') {
    const { propertyNames, ...rest } = kept;
    const names = propertyNames === undefined ? {} : { propertyNames: withoutInternal(propertyNames as SchemaNode) };
    return { ...rest, ...names, additionalProperties: forEditors(node.additionalProperties) };
  }
  const { description, default: fallback, ...constraints } = kept;
  const head = {
    ...(description === undefined ? {} : { description }),
    ...(fallback === undefined ? {} : { default: fallback }),
  };
  if (node.secret) return { ...head, ...REFERENCE };
  const free = node.type === 'string' && Object.keys(constraints).every((key) => key === 'type' || key === 'minLength');
  return free ? { ...head, ...constraints } : { ...head, anyOf: [constraints, REFERENCE] };
}

function withoutInternal(node: SchemaNode): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(node).filter(([key]) => !INTERNAL_META.some((meta) => meta === key)));
}
