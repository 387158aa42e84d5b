import { type AlterTableCmd, type Constraint, type Node } from 'libpg-query';

/** Their columns get a value of their own in each row, so that the table is rewritten. */
const SERIAL = /^(small|big)?serial[248]?$/;
/** Stable: their value is taken once, for all rows that there are. */
const STABLE_FUNCTIONS = new Set(['now', 'transaction_timestamp', 'statement_timestamp']);

/**
 * @returns why adding this column would rewrite or scan the table; undefined when it changes the catalog alone
 *
 * Source: PostgreSQL manual, "ALTER TABLE", Notes: a default that is not volatile is evaluated once and kept in the catalog.
 */
export function columnRefusal(definition: Node | undefined): string | undefined {
  if (definition === undefined || !('ColumnDef' in definition)) return 'it adds a column in a form that is not known';
  const { typeName, constraints = [] } = definition.ColumnDef;
  const type = (typeName?.names ?? []).map((name) => ('String' in name ? name.String.sval : '')).at(-1) ?? '';
  if (SERIAL.test(type)) return `a column of type ${type} gets a value of its own in each row: the table is rewritten`;
  const parts = constraints.map((node) => ('Constraint' in node ? node.Constraint : {}));
  const byDefault = parts.find(({ contype }) => contype === 'CONSTR_DEFAULT');
  for (const { contype } of parts) {
    const refusal = constraintRefusal(contype ?? 'none', byDefault?.raw_expr);
    if (refusal !== undefined) return refusal;
  }
  return byDefault?.raw_expr === undefined ? undefined : defaultRefusal(byDefault.raw_expr);
}

function constraintRefusal(contype: string, byDefault: Node | undefined): string | undefined {
  switch (contype) {
    case 'CONSTR_NULL':
    case 'CONSTR_DEFAULT':
      return undefined;
    case 'CONSTR_NOTNULL':
      return byDefault === undefined || isNull(byDefault)
        ? 'a column that may not be NULL and has no default cannot be added to a table with rows'
        : undefined;
    case 'CONSTR_GENERATED':
      return 'a STORED generated column has a value of its own in each row: the table is rewritten under a lock that stops everybody';
    case 'CONSTR_IDENTITY':
      return 'an identity column gets a value of its own in each row: the table is rewritten';
    default:
      return 'a column with a constraint or a reference is checked in all rows while everybody waits';
  }
}

function defaultRefusal(expression: Node): string | undefined {
  if ('A_Const' in expression || 'SQLValueFunction' in expression) return undefined;
  if ('TypeCast' in expression && expression.TypeCast.arg !== undefined) return defaultRefusal(expression.TypeCast.arg);
  if ('FuncCall' in expression) {
    const name = (expression.FuncCall.funcname ?? []).map((part) => ('String' in part ? part.String.sval : '')).at(-1);
    if (name !== undefined && STABLE_FUNCTIONS.has(name)) return undefined;
  }
  return 'its default may be another one in each row, and then the table is rewritten';
}

function isNull(expression: Node): boolean {
  return 'A_Const' in expression && expression.A_Const.isnull === true;
}

/** What rows get in a column that their writer does not know: nothing; a default; a default that they must have. */
export type AddedColumn = 'empty' | 'filled' | 'required';

export function addedColumn({
  subtype,
  def,
}: AlterTableCmd): { readonly name: string; readonly is: AddedColumn } | undefined {
  if (subtype !== 'AT_AddColumn' || def === undefined || !('ColumnDef' in def)) return undefined;
  const { colname: name = '', constraints = [] } = def.ColumnDef;
  const parts = constraints.map((node) => ('Constraint' in node ? node.Constraint : {}));
  const value = parts.find(({ contype }) => contype === 'CONSTR_DEFAULT')?.raw_expr;
  if (value === undefined || isNull(value)) return { name, is: 'empty' };
  return { name, is: parts.some(({ contype }) => contype === 'CONSTR_NOTNULL') ? 'required' : 'filled' };
}

/** @returns why a constraint cannot be added NOT VALID and validated later; undefined when it can */
export function whyNotValidLater({ contype, conname }: Constraint): string | undefined {
  if (contype !== 'CONSTR_FOREIGN' && contype !== 'CONSTR_CHECK') {
    return 'a unique or primary key of a table with rows is built while everybody waits';
  }
  return conname === undefined ? 'it leaves the name of the constraint to the server' : undefined;
}
