import { z } from 'zod';
import { configSchema } from './schema';

/** Stands for any index or key in the path of a field that is inside a list or a map. */
export const ANY_INDEX = '*';

export const ENVIRONMENT_PREFIX = 'HYDRA_CUTOVER_';

/** One place of the config: a section, a list, a map whose keys are the operator's, or a value. */
export interface ConfigField {
  readonly path: readonly string[];
  readonly kind: 'section' | 'list' | 'map' | 'value';
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'object' | 'array';
  readonly description: string;
  readonly required: boolean;
  readonly secret: boolean;
  /** What a value may be, in words. */
  readonly allowed: string;
  readonly default?: unknown;
  /** Keys that may stand in a section. */
  readonly keys: readonly string[];
  /** The environment variable that overrides it; sections and what is inside a list have none. */
  readonly variable?: string;
}

/** What this file reads of a JSON Schema node. */
export interface SchemaNode {
  readonly type?: ConfigField['type'];
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly string[];
  readonly const?: string;
  /** Variants of a section, told apart by a key that is a constant in each. */
  readonly oneOf?: readonly SchemaNode[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly secret?: boolean;
  readonly allowed?: string;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly required?: readonly string[];
  readonly items?: SchemaNode;
  /** A schema in a map, else whether unknown keys are let through. */
  readonly additionalProperties?: SchemaNode | boolean;
}

export function inputJsonSchema(): SchemaNode {
  return z.toJSONSchema(configSchema, { io: 'input', target: 'draft-7' }) as SchemaNode;
}

/** Every field, parents before children, in the order of the schema. Loader, reference and CLI help are fed from it. */
export const CONFIG_FIELDS: readonly ConfigField[] = fieldsOf(inputJsonSchema());

const FIELDS_BY_PATH = new Map(CONFIG_FIELDS.map((field) => [JSON.stringify(field.path), field]));

/** @param path keys and indices, as in an issue of zod */
export function fieldAt(path: readonly PropertyKey[]): ConfigField | undefined {
  const known: string[] = [];
  for (const part of path) {
    const parent = FIELDS_BY_PATH.get(JSON.stringify(known));
    known.push(parent?.kind === 'map' || typeof part === 'number' ? ANY_INDEX : String(part));
  }
  return FIELDS_BY_PATH.get(JSON.stringify(known));
}

/** Every field of a schema, parents before children, in its order. */
export function fieldsOf(schema: SchemaNode): readonly ConfigField[] {
  return walk(schema, [], true);
}

function walk(schema: SchemaNode, path: readonly string[], required: boolean): readonly ConfigField[] {
  const node = schema.oneOf === undefined ? schema : { ...schema, ...merged(schema.oneOf) };
  const values = typeof node.additionalProperties === 'object' ? node.additionalProperties : undefined;
  const kind = node.properties ? 'section' : node.items ? 'list' : values ? 'map' : 'value';
  const field: ConfigField = {
    path,
    kind,
    type: node.type ?? 'string',
    description: node.description ?? '',
    required,
    secret: node.secret ?? false,
    allowed: allowedText(node),
    keys: Object.keys(node.properties ?? {}),
    ...(node.default === undefined ? {} : { default: node.default }),
    ...(kind === 'section' || path.includes(ANY_INDEX) ? {} : { variable: variableName(path) }),
  };
  const children = Object.entries(node.properties ?? {}).flatMap(([key, child]) =>
    walk(child, [...path, key], node.required?.includes(key) ?? false),
  );
  const inside = node.items ?? values;
  const items = inside ? walk(inside, [...path, ANY_INDEX], true) : [];
  return [field, ...children, ...items];
}

/** All keys of all variants; one is required where every variant requires it. */
function merged(variants: readonly SchemaNode[]): SchemaNode {
  const properties: Record<string, SchemaNode> = {};
  for (const [key, node] of variants.flatMap((variant) => Object.entries(variant.properties ?? {}))) {
    const before = properties[key];
    const constants = [...(before?.enum ?? []), ...(node.const === undefined ? [] : [node.const])];
    properties[key] = { ...node, ...before, ...(constants.length === 0 ? {} : { enum: constants }) };
  }
  const required = Object.keys(properties).filter((key) =>
    variants.every((one) => one.required?.includes(key) ?? false),
  );
  return { type: 'object', properties, required };
}

/** `blue.database.host` becomes `HYDRA_CUTOVER_BLUE__DATABASE__HOST`, `blue.rdsInstanceId` ends in `RDS_INSTANCE_ID`. */
function variableName(path: readonly string[]): string {
  return ENVIRONMENT_PREFIX + path.map((part) => part.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toUpperCase()).join('__');
}

function allowedText(node: SchemaNode): string {
  if (node.allowed !== undefined) return node.allowed;
  if (node.enum) return `one of ${node.enum.join(', ')}`;
  if (node.properties) return `a section with the keys ${Object.keys(node.properties).join(', ')}`;
  if (node.items) return 'a list';
  if (typeof node.additionalProperties === 'object') return 'names with a value each';
  if (node.type === 'boolean') return 'true or false';
  if (node.type === 'number') return `a number from ${node.minimum ?? 0} to ${node.maximum ?? 'any'}`;
  if (node.type === 'integer') return `a whole number from ${node.minimum ?? 0} to ${node.maximum ?? 'any'}`;
  return 'text';
}
