import { loadModule, parseSync, type Node } from 'libpg-query';
import { type RecordedStatement } from '../../domain/ports/statement-recorder';

/** One statement, as the parser of PostgreSQL read it. */
export interface ParsedStatement {
  readonly text: string;
  /** Where the statement begins in what was parsed, in bytes: positions in `node` count from there. */
  readonly startBytes: number;
  readonly node: Node;
}

/** What one transaction of `migrate sql` did, or what it did in none, and the version that it entered into `schema_migration`. */
export interface RecordedMigration {
  readonly version: string;
  readonly statements: readonly ParsedStatement[];
}

/** The bookkeeping of all Hydras: what `migrate sql` does to these is not part of a migration. */
const BOOKKEEPING = /^(schema_migration(_\w+)?|hydra_\w+_migration)$/;

/** Of statements that no version stands for: nobody knows when they are due. */
export const UNVERSIONED = 'none';

/** Loads the parser, once per process. */
export async function loadParser(): Promise<void> {
  await loadModule();
}

/**
 * The migrations in what `migrate sql` was seen to send, oldest first. What it did to its bookkeeping is left out. One that runs in no
 * transaction is what was sent until its version was entered.
 *
 * Needs `loadParser`.
 */
export function migrationsOf(recorded: readonly RecordedStatement[]): RecordedMigration[] {
  const migrations: RecordedMigration[] = [];
  const outside: ParsedStatement[] = [];
  const endOutside = (entered: string) => {
    if (outside.length > 0) migrations.push({ version: entered, statements: outside.splice(0) });
  };
  let open: ParsedStatement[] | undefined;
  let version: string | undefined;
  for (const { sql, parameters, failed } of recorded) {
    if (failed) continue;
    for (const statement of parseStatements(sql)) {
      const transaction = transactionOf(statement);
      if (transaction === undefined) {
        const entered = enteredVersion(statement, parameters);
        if (entered !== undefined && (open === undefined || open.length === 0)) endOutside(entered);
        version = entered ?? version;
        if (!isBookkeeping(statement, open !== undefined)) (open ?? outside).push(statement);
        continue;
      }
      if (transaction === 'commit' && open !== undefined && open.length > 0) {
        migrations.push({ version: version ?? UNVERSIONED, statements: open });
      }
      open = transaction === 'begin' ? [] : undefined;
      version = undefined;
    }
  }
  return outside.length === 0 ? migrations : [...migrations, { version: UNVERSIONED, statements: outside }];
}

/** @throws SqlError of the parser: a statement that PostgreSQL does not understand was not recorded as one that worked */
function parseStatements(sql: string): ParsedStatement[] {
  const bytes = Buffer.from(sql);
  return (parseSync(sql).stmts ?? []).flatMap(({ stmt, stmt_location: startBytes = 0, stmt_len: lengthBytes = 0 }) => {
    if (stmt === undefined) return [];
    const end = lengthBytes === 0 ? bytes.length : startBytes + lengthBytes;
    return [{ node: stmt, startBytes, text: bytes.toString('utf8', startBytes, end) }];
  });
}

/** @param fromBytes a position as the parser gives it */
export function textFrom({ text, startBytes }: ParsedStatement, fromBytes: number): string {
  return Buffer.from(text).toString('utf8', fromBytes - startBytes);
}

function transactionOf({ node }: ParsedStatement): 'begin' | 'commit' | 'rollback' | undefined {
  if (!('TransactionStmt' in node)) return undefined;
  const { kind } = node.TransactionStmt;
  if (kind === 'TRANS_STMT_BEGIN' || kind === 'TRANS_STMT_START') return 'begin';
  return kind === 'TRANS_STMT_COMMIT' ? 'commit' : 'rollback';
}

/** `INSERT INTO schema_migration (version) VALUES (…)`, with the version in it or as a parameter. */
function enteredVersion({ node, text }: ParsedStatement, parameters: readonly (string | null)[]): string | undefined {
  if (!('InsertStmt' in node) || node.InsertStmt.relation?.relname !== 'schema_migration') return undefined;
  return (
    /'(\d{14,20})'/.exec(text)?.[1] ??
    parameters.find((value) => value !== null && /^\d{14,20}$/.test(value)) ??
    undefined
  );
}

function isBookkeeping({ node }: ParsedStatement, isInTransaction: boolean): boolean {
  const names = tableNames(node);
  if (names.length > 0) return names.every((name) => BOOKKEEPING.test(name));
  // A driver asks such things when it connects; within a migration a SELECT may call what writes.
  return isBookkeepingIndex(node) || ('SelectStmt' in node && !isInTransaction);
}

function isBookkeepingIndex(node: Node): boolean {
  if (!('DropStmt' in node) || node.DropStmt.removeType !== 'OBJECT_INDEX') return false;
  return dropped(node).every((name) => name.startsWith('schema_migration'));
}

/** Names of what a DROP drops, without schemas. */
export function dropped(node: Node): string[] {
  if (!('DropStmt' in node)) return [];
  return (node.DropStmt.objects ?? []).map((object) => {
    const parts = 'List' in object ? (object.List.items ?? []) : [object];
    const last = parts.at(-1);
    return last !== undefined && 'String' in last ? (last.String.sval ?? '') : '';
  });
}

/** Every table that a statement names, whereever it does. */
function tableNames(node: Node): string[] {
  if ('DropStmt' in node && node.DropStmt.removeType === 'OBJECT_TABLE') return dropped(node);
  return [...objectsIn(node)].flatMap((one) =>
    'relname' in one && typeof one.relname === 'string' ? [one.relname] : [],
  );
}

/** Every object of a tree, those above before those below. */
export function* objectsIn(tree: unknown): Generator<object> {
  if (typeof tree !== 'object' || tree === null) return;
  if (!Array.isArray(tree)) yield tree;
  for (const below of Object.values(tree)) yield* objectsIn(below);
}
