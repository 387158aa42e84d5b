import { sqlFile } from '../sql-file';
import { type CapturedTable } from '../paths/copy-path';

/** Every trigger that the capture makes has a name that begins so; the guard's does too. */
export const TRIGGER_PREFIX = 'hydra_cutover_';

interface TriggerSql {
  readonly name: string;
  /** With `:table` for the table's name. */
  readonly create: string;
}

/** What may have been a revocation is noted, besides being logged. */
function revocationTriggers({ revokes }: CapturedTable): readonly TriggerSql[] {
  switch (revokes?.what) {
    case undefined:
      return [];
    case 'chain':
      return [
        trigger(
          'revoked_update',
          'AFTER UPDATE OF active',
          'FOR EACH ROW WHEN (OLD.active AND NOT NEW.active)',
          'note_chain',
        ),
        trigger('revoked_delete', 'AFTER DELETE', 'FOR EACH ROW WHEN (OLD.active)', 'note_chain'),
      ];
    case 'access':
      return [trigger('revoked_delete', 'AFTER DELETE', 'FOR EACH ROW', 'note_access')];
    case 'consent':
      return [deleteTrigger(`WHEN (${revokes.when})`, 'note_consent')];
    case 'login session':
      return [deleteTrigger('', 'note_login_session')];
    case 'client':
      return [deleteTrigger('', 'note_client')];
  }
}

/** @returns the column of the table whose rows are consents that `note_consent` notes them by */
export function consentKeyOf(captured: readonly CapturedTable[]): string {
  const keys = captured.flatMap(({ revokes }) => (revokes?.what === 'consent' ? [revokes.by] : []));
  const [key] = keys;
  if (key === undefined || keys.length > 1) throw new Error(`${keys.length} tables of consents are captured, not one`);
  return key;
}

/** @param kind an SQL expression */
export function logFunctionSql(spec: CapturedTable, kind = 'lower(TG_OP)'): string {
  const columns = [...spec.key, ...spec.relations];
  // By the output functions of their types alone, as capture.sql says of concat().
  const text = (value: string) => `CASE WHEN ${value} IS NOT NULL THEN concat(${value}) END`;
  const keyOf = (row: string) =>
    `jsonb_build_object(${columns.map((name) => `'${name}', ${text(`${row}.${name}`)}`).join(', ')})`;
  return sqlFile(__dirname, 'log-function.sql', {
    name: logFunctionName(spec.table),
    table: `'${spec.table}'`,
    kind,
    old_key: keyOf('OLD'),
    new_key: keyOf('NEW'),
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
    SELECT hydra_cutover.record_captured('${table.replaceAll("'", "''")}');`;
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

function deleteTrigger(when: string, run: string): TriggerSql {
  return trigger('revoked', 'AFTER DELETE', `FOR EACH ROW ${when}`, run);
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
