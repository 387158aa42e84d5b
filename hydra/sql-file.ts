import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Reads a `.sql` file that stands beside its TypeScript and fills in its placeholders (`:name`).
 *
 * Placeholders are for what SQL takes no parameter for: identifiers (already quoted) and constants in function bodies.
 * @throws Error when a placeholder of `values` does not occur in the file, so that a rename cannot go unnoticed
 */
export function sqlFile(folder: string, name: string, values: Readonly<Record<string, string>> = {}): string {
  let sql = readFileSync(join(folder, name), 'utf8');
  for (const [key, value] of Object.entries(values)) {
    const placeholder = new RegExp(`(?<!:):${key}\\b`, 'g');
    if (!placeholder.test(sql)) throw new Error(`${name} has no placeholder :${key}`);
    sql = sql.replace(placeholder, () => value);
  }
  return sql;
}
