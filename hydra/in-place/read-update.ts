import { type Node, scanSync, type UpdateStmt } from 'libpg-query';
import { objectsIn, type ParsedStatement } from './migrations-of';

export interface ReadUpdate {
  readonly table: string;
  readonly set: string;
  readonly where: string;
  readonly repeatable: boolean;
}

/** @returns an UPDATE taken apart, or why it cannot be done in batches */
export function readUpdate({ node, text }: ParsedStatement): ReadUpdate | string {
  const stmt: UpdateStmt = 'UpdateStmt' in node ? node.UpdateStmt : {};
  if ((stmt.fromClause ?? []).length > 0 || stmt.withClause !== undefined) {
    return 'it takes values from other tables, so that its batches would depend on each other';
  }
  if (stmt.relation?.alias !== undefined) return 'its table has another name within it';
  const targets = (stmt.targetList ?? []).flatMap((target) => ('ResTarget' in target ? [target.ResTarget] : []));
  const written = new Set(targets.map(({ name }) => name ?? ''));
  const read = new Set(targets.flatMap(({ val }) => columnsOf(val)));
  if ([...read].some((column) => written.has(column))) {
    return 'it makes a value of the one before, so that a second run would do it twice';
  }
  const clauses = splitClauses(text);
  if (clauses === undefined) return 'it is written in a form that is not known';
  // Rows that it has changed already are found again by nobody, or become the same once more.
  return { table: stmt.relation?.relname ?? '', ...clauses, repeatable: true };
}

/** The texts of SET and WHERE; both stand outside of any bracket. */
function splitClauses(text: string): { readonly set: string; readonly where: string } | undefined {
  const bytes = Buffer.from(text);
  let depth = 0;
  let setEnd: number | undefined;
  let where: { readonly start: number; readonly end: number } | undefined;
  for (const token of scanSync(text).tokens) {
    const word = token.text.toUpperCase();
    if (word === '(') depth += 1;
    else if (word === ')') depth -= 1;
    else if (depth > 0 || token.keywordKind === 0) continue;
    else if (word === 'SET') setEnd ??= token.end;
    else if (word === 'WHERE') where ??= token;
    else if (word === 'RETURNING') return undefined;
  }
  if (setEnd === undefined) return undefined;
  const slice = (start: number, end?: number) => bytes.toString('utf8', start, end).trim();
  return { set: slice(setEnd, where?.start), where: where === undefined ? 'true' : slice(where.end) };
}

function columnsOf(node: Node | undefined): string[] {
  return [...objectsIn(node)].flatMap((one) => {
    if (!('ColumnRef' in one)) return [];
    const last = (one.ColumnRef as { fields?: Node[] }).fields?.at(-1);
    return last !== undefined && 'String' in last ? [last.String.sval ?? ''] : [];
  });
}
