import { type ClientBase } from 'pg';
import { decrypt } from '../../../../world/seeder/hydra-crypto';

/** First match wins. Exact forms for what a machine makes; whatever people write is `text`. */
const FORMATS: readonly (readonly [string, RegExp])[] = [
  ['empty', /^$/],
  ['no error', /^\{\}$/],
  ['hex 32', /^[0-9a-f]{32}$/],
  ['hex 64', /^[0-9a-f]{64}$/],
  ['uuid', /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/],
  ['key.signature', /^[\w-]{43}\.[\w-]{43}$/],
  ['signature', /^[\w-]{43}$/],
  ['bcrypt', /^\$2a\$08\$/],
  ['time to the second', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/],
  ['time with fraction', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+$/],
  ['zoned time to the second', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/],
  ['zoned time with fraction', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z$/],
  [
    'error',
    /^\{"error":"access_denied","error_description":"[^"]+","error_hint":"","status_code":400,"error_debug":""\}$/,
  ],
  ['JSON', /^[{[].*[}\]]$/s],
  ['list', /^[^|]+(\|[^|]+)+$/],
];

/** Who chose it: a person or the login app. Their format says nothing about Hydra. */
const FREE =
  /^(subject|client_id|client_name|contacts|subject_obfuscated|forced_subject_identifier|issuer|key_set|key_id|id|sid|kid)$/;

/** For each column of `table` the formats that its values have; `session_data` and `keydata` are opened and described from inside. */
export async function shapesOf(
  client: ClientBase,
  table: string,
  key: Buffer,
  where = 'true',
): Promise<Map<string, Set<string>>> {
  const { rows } = await client.query<{ row: Record<string, unknown> }>(
    `SELECT to_jsonb(t) AS row FROM ${table} AS t WHERE ${where}`,
  );
  const shapes = new Map<string, Set<string>>();
  for (const { row } of rows) {
    for (const [column, value] of Object.entries(row)) {
      const formats = shapes.get(column) ?? new Set<string>();
      shapes.set(column, formats);
      if (column === 'session_data') describe(JSON.parse(decrypt(String(value), key)), '', formats);
      else if (column === 'keydata')
        Object.keys(JSON.parse(decrypt(String(value), key)) as object).forEach((name) => formats.add(name));
      else formats.add(FREE.test(column) && value !== '' && value !== null ? 'free' : formatOf(value));
    }
  }
  return shapes;
}

function describe(value: unknown, path: string, formats: Set<string>): void {
  // Claims of the login app: Hydra adds the session id and passes the rest on.
  if (path === '.extra') return;
  if (Array.isArray(value)) {
    formats.add(`${path}[${value.length}]`);
  } else if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value);
    const known = path.endsWith('.ext') ? entries.filter(([name]) => name === 'sid') : entries;
    known.forEach(([name, inner]) => describe(inner, `${path}.${name}`, formats));
  } else {
    const free = /\.(sub|subject|client_id|iss)$/.test(path) && value !== '';
    formats.add(`${path}: ${free ? 'free' : formatOf(value)}`);
  }
}

function formatOf(value: unknown): string {
  if (value === null) return 'null';
  if (typeof value !== 'string') return typeof value;
  return FORMATS.find(([, pattern]) => pattern.test(value))?.[0] ?? 'text';
}
