import { type CatalogMark } from '../../domain/in-place/online-plan';
import { queryRows, type SqlClient } from '../../domain/ports/sql-client';
import { quoteIdentifier } from '../cleaning/session';

interface Place {
  readonly client: SqlClient;
  readonly schema: string;
}

/** @returns whether the catalog shows all of it as done */
export async function isMade(place: Place, marks: readonly CatalogMark[]): Promise<boolean> {
  for (const mark of marks) if (!(await shows(place, mark))) return false;
  return true;
}

async function shows({ client, schema }: Place, mark: CatalogMark): Promise<boolean> {
  const table = `${quoteIdentifier(schema)}.${quoteIdentifier(mark.table)}`;
  const ask = async (sql: string, values: unknown[]) => {
    const [row] = await queryRows<{ yes: boolean }>(client, `SELECT EXISTS (${sql}) AS yes`, values);
    return row?.yes === true;
  };
  const column = 'FROM pg_attribute a WHERE a.attrelid = to_regclass($1) AND a.attname = $2 AND NOT a.attisdropped';
  switch (mark.has) {
    case 'table':
      // A view of this name is somebody else's; the server refuses the table beside it.
      return ask(`SELECT 1 FROM pg_class WHERE oid = to_regclass($1) AND relkind IN ('r', 'p')`, [table]);
    case 'index':
      return ask(
        `SELECT 1 FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
          WHERE i.indrelid = to_regclass($1) AND c.relname = $2 AND i.indisvalid`,
        [table, mark.index],
      );
    case 'column':
      return ask(`SELECT 1 ${column}`, [table, mark.column]);
    case 'nullable':
      return ask(`SELECT 1 ${column} AND NOT a.attnotnull`, [table, mark.column]);
    case 'default':
      return ask(`SELECT 1 ${column} AND NOT a.atthasdef`, [table, mark.column]);
    case 'constraint': {
      const found = await ask('SELECT 1 FROM pg_constraint WHERE conrelid = to_regclass($1) AND conname = $2', [
        table,
        mark.name,
      ]);
      return found !== mark.absent;
    }
  }
}
