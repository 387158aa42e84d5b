import { quoteLiteral } from '../closing/role-password';
import { sqlFile } from '../sql-file';
import { type CapturedTable, type Revokes } from '../paths/copy-path';
import { type RevocationKind } from './revocations';

/** Every trigger that the capture makes has a name that begins so; the guard's does too. */
const TRIGGER_PREFIX = 'hydra_cutover_';

interface TriggerSql {
  readonly name: string;
  /** With `:table` for the table's name. */
  readonly create: string;
}

/** What may have been a revocation is noted, besides being logged. */
function revocationTriggers({ revokes }: CapturedTable): readonly TriggerSql[] {
  if (revokes === undefined) return [];
  const note = noteFunctionName(revokes);
  const onDelete = (name: string, when = '') => trigger(name, 'AFTER DELETE', `FOR EACH ROW ${when}`, note);
  switch (revokes.what) {
    // Rotation and revocation are the same statements, and only a rotation leaves an active token.
    case 'chain':
      return [
        trigger('revoked_update', 'AFTER UPDATE OF active', 'FOR EACH ROW WHEN (OLD.active AND NOT NEW.active)', note),
        onDelete('revoked_delete', 'WHEN (OLD.active)'),
      ];
    // A rotation deletes the access token and makes a newer one.
    case 'access':
      return [onDelete('revoked_delete')];
    case 'consent':
      return [onDelete('revoked', `WHEN (${revokes.when})`)];
    case 'login session':
    case 'client':
      return [onDelete('revoked')];
  }
}

/** The kind of a revocation, and the columns for its key, and for `request_id` and `requested_at` where it has them. */
function notedOf(revokes: Revokes): { readonly kind: RevocationKind; readonly columns: readonly string[] } {
  switch (revokes.what) {
    case 'chain':
      return { kind: 'chain_revoked', columns: ['request_id', 'request_id'] };
    case 'access':
      return { kind: 'access_deleted', columns: ['signature', 'request_id', 'requested_at'] };
    case 'consent':
      return { kind: 'consent_deleted', columns: [revokes.by, revokes.by] };
    case 'login session':
      return { kind: 'login_session_deleted', columns: ['id'] };
    case 'client':
      return { kind: 'client_deleted', columns: ['id'] };
  }
}

/**
 * All functions that the triggers of one table call. Values of Hydra's columns go through concat() alone, which calls the output functions
 * of their types: a cast or a conversion to JSON could be a function that the owner of the table made for a type of its own.
 */
export function functionsSql(spec: CapturedTable): string {
  return [logFunctionSql(spec), ...(spec.revokes === undefined ? [] : [noteFunctionSql(spec.revokes)])].join('\n');
}

function noteFunctionSql(revokes: Revokes): string {
  const { kind, columns } = notedOf(revokes);
  const textsOf = (row: string) => columns.map((name) => `concat(${row}.${name})`).join(', ');
  return sqlFile(__dirname, 'note-function.sql', {
    name: noteFunctionName(revokes),
    kind: `'${kind}'`,
    old_columns: textsOf('OLD'),
    any_columns: textsOf('$1'),
  });
}

/** @param kind an SQL expression */
export function logFunctionSql(spec: CapturedTable, kind = 'lower(TG_OP)'): string {
  const columns = [...spec.key, ...spec.relations];
  const textOf = (value: string) => `CASE WHEN ${value} IS NOT NULL THEN concat(${value}) END`;
  const keyOf = (row: string) =>
    `jsonb_build_object(${columns.map((name) => `'${name}', ${textOf(`${row}.${name}`)}`).join(', ')})`;
  return sqlFile(__dirname, 'log-function.sql', {
    name: logFunctionName(spec.table),
    table: `'${spec.table}'`,
    kind,
    old_key: keyOf('OLD'),
    new_key: keyOf('NEW'),
    any_key: keyOf('$1'),
  });
}

/**
 * All triggers of one table. For each row and not for each statement with transition tables: Hydra writes single rows, and for
 * these it is the cheaper one (bench/README.md, "capture").
 *
 * @param table quoted, with its schema
 */
export function triggersSql(spec: CapturedTable, table: string): string {
  return `${triggersOf(spec)
    .map(({ create }) => create.replaceAll(':table', () => table))
    .join('\n')}
    SELECT hydra_cutover.record_captured(${quoteLiteral(table)});`;
}

/** Names of all that {@link triggersSql} makes. */
export function triggerNames(spec: CapturedTable): string[] {
  return triggersOf(spec).map(({ name }) => name);
}

function triggersOf(spec: CapturedTable): readonly TriggerSql[] {
  const log = logFunctionName(spec.table);
  return [
    trigger('log', `AFTER INSERT OR DELETE`, 'FOR EACH ROW', log),
    // A rotation updates every old token of its chain to what it is already; unchanged rows carry nothing.
    trigger('log_update', 'AFTER UPDATE', 'FOR EACH ROW WHEN (OLD.* OPERATOR(pg_catalog.*<>) NEW.*)', log),
    trigger('log_truncate', 'AFTER TRUNCATE', 'FOR EACH STATEMENT', 'log_truncate'),
    ...revocationTriggers(spec),
  ];
}

function logFunctionName(table: string): string {
  return `log_${table}`;
}

function noteFunctionName({ what }: Revokes): string {
  return `note_${what.replace(' ', '_')}`;
}

function trigger(name: string, event: string, each: string, run: string): TriggerSql {
  return always(
    name,
    `CREATE TRIGGER ${TRIGGER_PREFIX}${name} ${event} ON :table ${each} EXECUTE FUNCTION hydra_cutover.${run}();`,
  );
}

/** ALWAYS: session_replication_role = replica turns every other trigger off. */
function always(name: string, create: string): TriggerSql {
  const full = `${TRIGGER_PREFIX}${name}`;
  return { name: full, create: `${create}\nALTER TABLE :table ENABLE ALWAYS TRIGGER ${full};` };
}
