import { type CopyPath } from '../paths/copy-path';
import { RECORDED } from './recorded';

/**
 * Columns of a fresh database of the target's version that the path neither carries nor fills. An insert would leave them empty and no
 * comparison would look at them, so that nobody noticed. What PostgreSQL generates needs nobody, and `nid` is the same in every row.
 *
 * @returns as `table.column`
 */
export function unknownColumns({ to, tables }: Pick<CopyPath, 'to' | 'tables'>): readonly string[] {
  const known = new Map(
    tables.map(({ name, columns, filled }) => [
      name as string,
      new Set(['nid', ...Object.keys({ ...columns, ...filled })]),
    ]),
  );
  return RECORDED.facts(to).flatMap(({ kind, table, name, definition }) => {
    const isOpen = kind === 'column' && !/ generated /.test(definition);
    return isOpen && known.get(table)?.has(name) === false ? [`${table}.${name}`] : [];
  });
}
