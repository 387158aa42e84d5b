import { type AlterTableCmd, type Constraint, type CreateStmt, type IndexStmt, type Node } from 'libpg-query';
import {
  type CatalogMark,
  type OnlineAct,
  type OnlineForm,
  type RefusedStatement,
} from '../../domain/in-place/online-plan';
import { type AddedColumn, addedColumn, columnRefusal, whyNotValidLater } from './judge-column';
import { dropped, type ParsedStatement, type RecordedMigration, textFrom, UNVERSIONED } from './migrations-of';
import { readUpdate } from './read-update';

export interface PlannedActs {
  readonly acts: readonly OnlineAct[];
  readonly refused: readonly RefusedStatement[];
}

type Judged = readonly OnlineForm[] | string;

/**
 * Gives each statement of the pending migrations the form in which it stops nobody. What has none is refused, with the reason.
 *
 * The forms are those that Ory's migrations need. Sources: PostgreSQL manual, "Explicit Locking", "Building Indexes Concurrently",
 * "ALTER TABLE" (Notes: which changes rewrite or scan a table).
 */
export function planActs(migrations: readonly RecordedMigration[]): PlannedActs {
  const created = new Set<string>();
  const added = new Map<string, AddedColumn>();
  const acts: OnlineAct[] = [];
  const refused: RefusedStatement[] = [];
  for (const { version, statements } of migrations) {
    for (const statement of statements) {
      const judged = version === UNVERSIONED ? 'it belongs to no migration' : judge(statement, created, added);
      const text = withoutComments(statement.text);
      if (typeof judged === 'string') refused.push({ migration: version, statement: text, why: judged });
      else acts.push(...judged.map((form) => ({ migration: version, says: sayForm(form), ...form })));
    }
  }
  return { acts: mergeReplacedIndexes(acts), refused };
}

/**
 * @param created tables that the same run makes
 * @param added columns that it adds: the running version does not know them, and writes nothing into them
 */
function judge(statement: ParsedStatement, created: Set<string>, added: Map<string, AddedColumn>): Judged {
  const { node } = statement;
  if ('CreateStmt' in node) return judgeTable(statement, node.CreateStmt, created);
  if ('IndexStmt' in node) return judgeIndex(statement, node.IndexStmt, created);
  if ('AlterTableStmt' in node) return judgeAlter(statement, node, created, added);
  if ('UpdateStmt' in node) return judgeUpdate(statement, created);
  if ('DropStmt' in node && node.DropStmt.removeType === 'OBJECT_INDEX') {
    return dropped(node).map((index) => ({ kind: 'dropIndex', index }));
  }
  if ('DropStmt' in node) return 'it drops what the running version may use';
  if ('RenameStmt' in node) return 'it renames what the running version uses under its old name';
  return `no form of ${Object.keys(node).join()} is known that stops nobody`;
}

function judgeTable(
  statement: ParsedStatement,
  { relation, tableElts, inhRelations }: CreateStmt,
  created: Set<string>,
): Judged {
  const table = relation?.relname ?? '';
  if ((inhRelations ?? []).length > 0) return 'it makes a partition or a child of another table, which locks that one';
  if (relation?.relpersistence !== 'p') return 'it makes a temporary or unlogged table';
  if (tableElts === undefined) return 'it makes a table without columns of its own';
  created.add(table);
  const makes: CatalogMark[] = [{ has: 'table', table }];
  return [{ kind: 'ddl', table, sql: statement.text.trim(), creates: true, makes }];
}

function judgeIndex(statement: ParsedStatement, stmt: IndexStmt, created: ReadonlySet<string>): Judged {
  const { relation, idxname: index } = stmt;
  const table = relation?.relname ?? '';
  if (index === undefined) return 'it leaves the name of the index to the server, so that nobody could find it again';
  if (relation?.inh !== true) return 'it makes an index of one partition alone';
  if (created.has(table)) {
    const sql = statement.text.trim();
    return [{ kind: 'ddl', table, sql, creates: false, makes: [{ has: 'index', table, index }] }];
  }
  const on = textFrom(statement, relation.location ?? 0).trim();
  return [{ kind: 'createIndex', table, index, unique: stmt.unique === true, on }];
}

function judgeAlter(
  statement: ParsedStatement,
  { AlterTableStmt: { relation, cmds, objtype } }: Extract<Node, { AlterTableStmt: unknown }>,
  created: ReadonlySet<string>,
  added: Map<string, AddedColumn>,
): Judged {
  if (objtype !== 'OBJECT_TABLE') return 'it changes something else than a table';
  const table = relation?.relname ?? '';
  const commands = (cmds ?? []).map((node) => ('AlterTableCmd' in node ? node.AlterTableCmd : {}));
  if (created.has(table)) {
    // Nobody uses it yet. Only what the catalog tells can be found again after a crash.
    const makes = commands.flatMap((command) => marksOf(table, command) ?? []);
    if (makes.length < commands.length) return 'after a crash nobody could see whether it was done';
    return [{ kind: 'ddl', table, sql: statement.text.trim(), creates: false, makes }];
  }
  for (const command of commands) {
    const known = added.get(`${table}.${command.name ?? ''}`);
    const fills = command.subtype === 'AT_ColumnDefault' && command.def === undefined && known === 'required';
    if (fills || (command.subtype === 'AT_SetNotNull' && known === 'empty')) {
      return 'the running version does not know this column, and every row that it writes would be refused';
    }
  }
  const [first] = commands;
  if (commands.length === 1 && first !== undefined) {
    const alone = judgeAlone(statement, table, first);
    if (alone !== undefined) return alone;
  }
  const makes: CatalogMark[] = [];
  for (const command of commands) {
    const refusal = whyNotInstant(command);
    if (refusal !== undefined) return refusal;
    makes.push(...(marksOf(table, command) ?? []));
    const column = addedColumn(command);
    if (column !== undefined) added.set(`${table}.${column.name}`, column.is);
  }
  return [{ kind: 'ddl', table, sql: statement.text.trim(), creates: false, makes }];
}

/** Forms of their own, for a statement that does nothing else. */
function judgeAlone(statement: ParsedStatement, table: string, command: AlterTableCmd): Judged | undefined {
  if (command.subtype === 'AT_SetNotNull') return [{ kind: 'setNotNull', table, column: command.name ?? '' }];
  if (command.subtype !== 'AT_AddConstraint') return undefined;
  const constraint: Constraint = command.def !== undefined && 'Constraint' in command.def ? command.def.Constraint : {};
  const refusal = whyNotValidLater(constraint);
  if (refusal !== undefined) return refusal;
  const definition = /\bCONSTRAINT\s+("[^"]+"|\w+)\s+([\s\S]+)$/i.exec(statement.text)?.[2]?.trim();
  if (definition === undefined) return 'its constraint is written in a form that is not known';
  return [{ kind: 'constraint', table, name: constraint.conname ?? '', definition }];
}

/** @returns undefined for a change of the catalog alone, which takes no longer on a large table than on a small one */
function whyNotInstant(command: AlterTableCmd): string | undefined {
  const subtype: string = command.subtype ?? 'this change';
  switch (subtype) {
    case 'AT_AddColumn':
      return columnRefusal(command.def);
    case 'AT_DropNotNull':
    case 'AT_ColumnDefault':
    case 'AT_DropConstraint':
      return undefined;
    case 'AT_DropColumn':
      return 'it drops a column that the running version may read';
    case 'AT_AlterColumnType':
      return 'it changes the type of a column, which may rewrite the table, and which the views of the running version forbid';
    case 'AT_SetNotNull':
    case 'AT_AddConstraint':
      return 'it checks all rows together with other changes of the table; no form of the whole is known that stops nobody';
    default:
      return `no form of ${subtype} is known that stops nobody`;
  }
}

function marksOf(table: string, command: AlterTableCmd): CatalogMark[] | undefined {
  const column = command.name ?? '';
  const subtype: string = command.subtype ?? 'this change';
  switch (subtype) {
    case 'AT_AddColumn':
      return command.def !== undefined && 'ColumnDef' in command.def
        ? [{ has: 'column', table, column: command.def.ColumnDef.colname ?? '' }]
        : undefined;
    case 'AT_DropNotNull':
      return [{ has: 'nullable', table, column }];
    case 'AT_ColumnDefault':
      return command.def === undefined ? [{ has: 'default', table, column, expression: null }] : [];
    case 'AT_DropConstraint':
      return [{ has: 'constraint', table, name: column, absent: true }];
    default:
      return undefined;
  }
}

function judgeUpdate(statement: ParsedStatement, created: ReadonlySet<string>): Judged {
  const read = readUpdate(statement);
  if (typeof read === 'string') return read;
  if (created.has(read.table)) return 'it fills a table that the migration has just made; no form of it is known';
  return [{ kind: 'update', ...read }];
}

/** An index that is dropped and made again under its name is never missing in between. */
function mergeReplacedIndexes(acts: readonly OnlineAct[]): OnlineAct[] {
  const merged = new Set<OnlineAct>();
  return acts.flatMap((act, at): OnlineAct[] => {
    if (merged.has(act)) return [];
    if (act.kind !== 'dropIndex') return [act];
    const made = acts.slice(at).find((later) => later.kind === 'createIndex' && later.index === act.index);
    if (made?.kind !== 'createIndex') return [act];
    merged.add(made);
    const { index, table, unique, on } = made;
    const form: OnlineForm = { kind: 'replaceIndex', index, table, unique, on };
    return [{ migration: act.migration, says: sayForm(form), ...form }];
  });
}

function sayForm(form: OnlineForm): string {
  switch (form.kind) {
    case 'ddl':
      return form.creates
        ? `table ${form.table} is made`
        : `${form.table}: a change of the catalog alone, tried with a short lock_timeout`;
    case 'createIndex':
      return `index ${form.index} is built beside the traffic of ${form.table}`;
    case 'dropIndex':
      return `index ${form.index} is dropped without stopping anybody`;
    case 'replaceIndex':
      return `index ${form.index} is built anew beside the old one, which is dropped afterwards; its name is kept`;
    case 'update':
      return `rows of ${form.table} are changed in batches`;
    case 'constraint':
      return `constraint ${form.name} of ${form.table} is added without a look at the rows, then validated`;
    case 'setNotNull':
      return `${form.table}.${form.column} becomes NOT NULL, proven by a constraint that is validated first`;
  }
}

/** For people. */
function withoutComments(text: string): string {
  return text.replaceAll(/^\s*--.*$/gm, '').trim();
}
