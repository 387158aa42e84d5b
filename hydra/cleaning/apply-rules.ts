import { CutoverFault } from '../../domain/faults';
import { type SqlClient, queryRows } from '../../domain/ports/sql-client';
import { asSchemaOwner } from '../as-owner';
import { END_WHEN_SILENT } from '../end-when-silent';
import { sqlFile } from '../sql-file';
import { countRules } from './count-rules';
import { type CopyPath } from '../paths/copy-path';
import { DEFAULT_ARCHIVE_SCHEMA, countRule, createHelpers, inTransaction, quoteIdentifier, total } from './session';

const LOCK = `SELECT pg_advisory_xact_lock(hashtext('hydra_cutover'), hashtext('cleaning'))`;
const BEGIN = `BEGIN; ${END_WHEN_SILENT}`;

export interface ApplyOptions {
  /** The fixed "now" of this cleaning, ISO-8601; kept with every archived row. */
  readonly asOf: string;
  /** Schema of the table `archive`; made if absent. @default 'hydra_cutover' */
  readonly archiveSchema?: string;
  /** Makes the archive, as the owner of what is ours, where `client` may not. @default client */
  readonly keeper?: SqlClient;
}

export interface AppliedRule {
  readonly id: string;
  /** What the rule applied to, as `countRules` counts it. */
  readonly rows: number;
  /** Rows touched on the way, those of cascades too; each has its images in the archive. */
  readonly archived: number;
}

/**
 * Cleans a copy of the source before it is migrated: one transaction per rule, every touched row archived in the same transaction.
 *
 * Idempotent: what is clean is not touched again, and a run that was killed between rules is finished by the next. Two runs at once
 * take turns. Needs the right to create triggers on Hydra's tables; nobody else may write to them meanwhile.
 * @throws CutoverFault CHECK_FAILED (a rule of kind `refuse` counts rows: details list them all and nothing was changed, or not
 * the source's schema) | INTERNAL (a fix left something over; that rule's transaction is rolled back)
 */
export async function applyRules(
  path: CopyPath,
  client: SqlClient,
  options: ApplyOptions,
): Promise<readonly AppliedRule[]> {
  const archiveSchema = options.archiveSchema ?? DEFAULT_ARCHIVE_SCHEMA;
  await assertNothingRefused(path, client, archiveSchema);
  await makeArchive(options.keeper ?? client, client, archiveSchema);
  const applied: AppliedRule[] = [];
  for (const [id, { kind }] of Object.entries(path.cleaning.rules)) {
    if (kind === 'refuse') continue;
    applied.push(
      await inTransaction(client, BEGIN, 'COMMIT', () => applyRule(path, client, id, options.asOf, archiveSchema)),
    );
  }
  return applied;
}

async function makeArchive(keeper: SqlClient, client: SqlClient, archiveSchema: string): Promise<void> {
  const schema = quoteIdentifier(archiveSchema);
  const [by] = await queryRows<{ name: string }>(client, 'SELECT quote_ident(current_user) AS name');
  await inTransaction(keeper, BEGIN, 'COMMIT', async () => {
    await keeper.query(LOCK);
    const { rows } = await keeper.query('SELECT FROM pg_catalog.pg_namespace WHERE nspname = $1', [archiveSchema]);
    if (rows.length === 0) await keeper.query(`CREATE SCHEMA ${schema}`);
    await asSchemaOwner(keeper, async () => {
      await keeper.query(sqlFile(__dirname, 'sql/archive.sql', { schema }));
      await keeper.query(`GRANT SELECT, INSERT ON ${schema}.archive TO ${by?.name ?? ''}`);
    });
  });
}

async function assertNothingRefused(path: CopyPath, client: SqlClient, archiveSchema: string): Promise<void> {
  const refused = (await countRules(path, client, { archiveSchema })).filter(
    ({ kind, rows }) => kind === 'refuse' && rows > 0,
  );
  if (refused.length === 0) return;
  const list = refused.map(({ id, title, rows, fix }) => `${id}: ${rows} × ${title} (${fix})`);
  throw new CutoverFault('CHECK_FAILED', `the data cannot be cleaned without a decision: ${list.join('; ')}`, {
    rules: refused.map(({ id }) => id),
  });
}

async function applyRule(
  path: CopyPath,
  client: SqlClient,
  id: string,
  asOf: string,
  archiveSchema: string,
): Promise<AppliedRule> {
  const schema = quoteIdentifier(archiveSchema);
  await client.query(LOCK);
  await createHelpers(path, client, archiveSchema);
  const rows = total(await countRule(client, path.cleaning.detectSql(id)));
  if (rows === 0) return { id, rows, archived: 0 };

  const settings = [id, new Date(asOf).toISOString()];
  await client.query(
    `SELECT set_config('hydra_cutover.rule', $1, true), set_config('hydra_cutover.as_of', $2, true)`,
    settings,
  );
  const highest = `SELECT coalesce(max(id), 0)::double precision AS id FROM ${schema}.archive`;
  const [before] = await queryRows<{ id: number }>(client, highest);
  await client.query(
    sqlFile(__dirname, 'sql/archive-triggers.sql', { schema, cleaned: regclasses(path.cleaning.tables) }),
  );
  await client.query(path.cleaning.fixSql(id));
  await client.query(sqlFile(__dirname, 'sql/drop-archive-triggers.sql'));

  const left = total(await countRule(client, path.cleaning.detectSql(id)));
  if (left > 0) {
    throw new CutoverFault(
      'INTERNAL',
      `cleaning rule ${id} left ${left} of ${rows} rows; its changes are rolled back`,
      {
        rule: id,
      },
    );
  }
  const since = `SELECT count(*)::double precision AS rows FROM ${schema}.archive WHERE id > $1`;
  const [touched] = await queryRows<{ rows: number }>(client, since, [before?.id ?? 0]);
  return { id, rows, archived: touched?.rows ?? 0 };
}

function regclasses(tables: readonly string[]): string {
  return tables.map((table) => `'${table}'::regclass`).join(', ');
}
