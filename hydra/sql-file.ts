import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Reads a `.sql` file that stands beside its TypeScript and fills in its placeholders (`:name`).
 *
 * Placeholders are for what SQL takes no parameter for: identifiers (already quoted) and constants in function bodies.
 * @throws Error when a placeholder of `values` does not occur in the file, so that a rename cannot go unnoticed
 */
export function sqlFile(folder: string, name: string, values: Readonly<Record<string, string>> = {}): string {
  const sql = readFileSync(join(folder, name), 'utf8');
  const keys = Object.keys(values);
  const missing = keys.find((key) => !new RegExp(`(?<!:):${key}\\b`).test(sql));
  if (missing !== undefined) throw new Error(`${name} has no placeholder :${missing}`);
  if (keys.length === 0) return sql;
  // At once: what one is filled with may look like another.
  return sql.replace(new RegExp(`(?<!:):(${keys.join('|')})\\b`, 'g'), (_, key: string) => values[key] ?? '');
}
