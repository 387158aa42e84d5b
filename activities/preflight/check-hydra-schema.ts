import { queryRows, type SqlClient } from '../../domain/ports/sql-client';
import { type ArbiterDescription, tellOrigin } from '../../hydra/arbiter';
import { byFullName } from '../../hydra/by-full-name';
import { recordedTables } from '../../hydra/catalog';
import { readMigrations, tablesOfOthers } from '../../hydra/closing';
import { HYDRA_VERSION_FACTS } from '../../hydra/versions';
import { type Keeper } from './check-server';
import { type Findings } from './findings';
import { type SeenArbiter } from './seen-arbiter';
import { type Direction } from '../../domain/sides';
import { type Configured } from '../step';

const NAMES_SHOWN = 10;

/** Whether the database holds the schema of the left side's version, whole and nothing above. @returns false when it is another */
export async function checkMigrations(
  client: SqlClient,
  { settings, direction: { from, to } }: Configured,
  findings: Findings,
): Promise<boolean> {
  const version = settings.hydraVersion[from];
  const where = `${from}'s database`;
  const [tables] = await queryRows<{ client: boolean; flow: boolean; migrations: boolean }>(
    client,
    `SELECT to_regclass(format('%I.hydra_client', $1::text)) IS NOT NULL AS client,
            to_regclass(format('%I.hydra_oauth2_flow', $1::text)) IS NOT NULL AS flow,
            to_regclass(format('%I.schema_migration', $1::text)) IS NOT NULL AS migrations`,
    [settings.hydraSchema],
  );
  if (!tables?.client || !tables.migrations) {
    const observed = `has no tables of Hydra in the schema ${settings.hydraSchema}`;
    findings.problem(where, observed, `correct ${from}.database.name and ${from}.database.schema`);
    return false;
  }
  if (tables.flow !== HYDRA_VERSION_FACTS[version].flowTable) {
    findings.problem(
      where,
      tables.flow
        ? `has the table hydra_oauth2_flow: somebody migrated it beyond Hydra ${version}, whatever that Hydra's readiness says`
        : `lacks the table hydra_oauth2_flow of Hydra ${version}`,
      `check that ${from}.database names the database of ${from} and not that of ${to}, and ${from}.hydraVersion the Hydra that serves there`,
    );
    return false;
  }
  const named = await byFullName(client, settings.hydraSchema);
  const { applied, expected, complete, unknown, foreign } = await readMigrations(named, version, from);
  const rows = `schema_migration on ${from}`;
  if (applied < expected) {
    findings.problem(
      rows,
      `has ${applied} of the ${expected} migrations of Hydra ${version}`,
      `run migrate sql of Hydra ${version}, or correct ${from}.hydraVersion`,
      `${expected}`,
    );
  }
  if (unknown > foreign.length) {
    findings.problem(
      rows,
      `has ${unknown - foreign.length} migrations of a later Hydra`,
      `check that ${from}.database names the database of ${from}, and that no newer Hydra ran migrate sql there`,
      'none',
    );
  }
  if (foreign.length > 0) {
    findings.problem(
      rows,
      `has migrations that no Hydra has: ${some(foreign)}`,
      'another Ory product, such as Kratos or Keto, keeps its own in the same schema: give Hydra a schema or database of its own; nothing has to be restored',
      'none',
    );
  }
  return complete;
}

/** By the function that is called: a name alone says nothing of whose a trigger is. */
type TriggerKind = 'ours' | 'named like ours' | 'foreign';

/** Nothing of ours or of our names is there, unless it is this cutover's own. */
export async function checkTraces(
  client: SqlClient,
  seen: SeenArbiter,
  { settings, direction }: Configured,
  cutoverId: string,
  findings: Findings,
): Promise<void> {
  const { from } = direction;
  const { schema, arbiter, origin } = seen;
  if (arbiter?.cutoverId === cutoverId && arbiter.side === from && arbiter.state !== 'committed') return;
  if (arbiter) {
    findings.problem(
      `schema hydra_cutover on ${from}`,
      `belongs to cutover ${arbiter.cutoverId} (side ${arbiter.side}, ${arbiter.state}, epoch ${arbiter.epoch}, installed ${arbiter.installedAt}), ${tellOrigin(origin)}`,
      howToEnd(direction, arbiter),
      'none',
    );
  } else if (schema) {
    const fix =
      'ask its owner whose it is, and look with `hydra-cutover status --from-databases`; remove it only if no trigger calls its functions';
    findings.problem(
      `schema hydra_cutover on ${from}`,
      `exists, owned by ${schema.owner}, and is no arbiter`,
      fix,
      'none',
    );
  }
  const triggers = await queryRows<{ table: string; name: string; kind: TriggerKind }>(
    client,
    `SELECT c.relname AS table, t.tgname AS name,
            CASE WHEN starts_with(n.nspname::text, 'hydra_cutover') THEN 'ours'
                 WHEN starts_with(t.tgname::text, 'hydra_cutover') THEN 'named like ours' ELSE 'foreign' END AS kind
       FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
       JOIN pg_proc f ON f.oid = t.tgfoid JOIN pg_namespace n ON n.oid = f.pronamespace
      WHERE NOT t.tgisinternal AND c.relnamespace = to_regnamespace(quote_ident($1)) ORDER BY 1, 2`,
    [settings.hydraSchema],
  );
  const named = (kind: TriggerKind) =>
    triggers.filter((one) => one.kind === kind).map(({ table, name }) => `${name} on ${table}`);
  if (named('ours').length > 0 && arbiter === undefined) {
    const observed = `are guard or capture of a cutover that our role cannot see: ${some(named('ours'))}`;
    const fix =
      'leave them: they may be what keeps writes off; `hydra-cutover status --from-databases`, with the role that began it, tells whose they are';
    findings.problem(`triggers on ${from}`, observed, fix, 'none');
  }
  if (named('named like ours').length > 0) {
    const observed = `have names of ours, and call no function of ours: ${some(named('named like ours'))}`;
    findings.problem(`triggers on ${from}`, observed, 'rename them, or drop them if nobody needs them', 'none');
  }
}

function howToEnd({ from, to }: Direction, { side, state, cutoverId }: ArbiterDescription): string {
  if (state === 'committed')
    return `the writes left this database for good: correct ${from}.database to the one that serves`;
  if (side === to && state === 'open') {
    return `if it is the one that serves, bring that cutover to its end first: gate finalize, or without its Temporal and with its own config \`hydra-cutover repair --cutover-id ${cutoverId} --by NAME --finalize\``;
  }
  if (side === to) return `it is the ${to} side of that cutover and serves nobody: correct ${from}.database`;
  return 'finish or cancel that cutover where it was started; if that Temporal is gone, `hydra-cutover status --from-databases` says what to do';
}

/** Hydra's tables belong to the role that the config names. */
export async function checkOwners(
  client: SqlClient,
  { settings, direction: { from, to } }: Configured,
  findings: Findings,
): Promise<void> {
  const { hydraRole } = settings.green;
  const foreign = await tablesOfOthers(client, settings.hydraSchema, hydraRole);
  const ours = foreign.filter((name) => name.startsWith('hydra_') || name.startsWith('schema_migration'));
  if (ours.length === 0) return;
  findings.problem(
    `Hydra's tables on ${from}`,
    `do not belong to ${hydraRole}: ${some(ours)}`,
    `ALTER TABLE … OWNER TO ${hydraRole}, or name their owner in ${from}.hydraRole.name and ${to}.hydraRole.name`,
  );
}

/**
 * No policy hides rows of Hydra's tables from our role, or from their owner, as which the migration acts: what it hides would be
 * missing on the copy, and no comparison would see it.
 */
export async function checkRowSecurity(
  client: SqlClient,
  { user }: Keeper,
  { settings, direction: { from, to } }: Configured,
  findings: Findings,
): Promise<void> {
  const tables = await queryRows<{ name: string; forced: boolean }>(
    client,
    `SELECT c.relname AS name, c.relforcerowsecurity AS forced FROM pg_class c
      WHERE c.relnamespace = to_regnamespace(quote_ident($1)) AND c.relkind IN ('r', 'p') AND c.relname ^@ 'hydra_'
        AND c.relrowsecurity AND (c.relforcerowsecurity OR NOT EXISTS (
          SELECT FROM pg_roles r WHERE r.rolname = $2 AND (r.rolbypassrls OR pg_has_role(r.oid, c.relowner, 'USAGE')))) ORDER BY 1`,
    [settings.hydraSchema, user],
  );
  for (const { name, forced } of tables) {
    const table = `"${settings.hydraSchema}".${name}`;
    findings.problem(
      `table ${name} on ${from}`,
      forced ? 'has row level security, forced on its owner' : 'has row level security that applies to our role',
      forced
        ? `ALTER TABLE ${table} NO FORCE ROW LEVEL SECURITY for the time of the upgrade, on ${from}, and set it again on ${to} afterwards`
        : `make our role a member of the table's owner, or ALTER TABLE ${table} DISABLE ROW LEVEL SECURITY`,
      'none',
    );
  }
}

interface Size {
  readonly databaseBytes: number;
  readonly clusterBytes: number;
}

export async function readSizes(client: SqlClient): Promise<Size> {
  const [size] = await queryRows<Size>(
    client,
    `SELECT pg_database_size(current_database())::float8 AS "databaseBytes",
            (SELECT sum(pg_database_size(oid)) FROM pg_database
              WHERE has_database_privilege(oid, 'CONNECT') OR pg_has_role('pg_read_all_stats', 'USAGE'))::float8 AS "clusterBytes"`,
  );
  return size ?? { databaseBytes: 0, clusterBytes: 0 };
}

/** Above this a count is not worth reading a table for: the server's own estimate is shown. */
const COUNTED_ROWS_MAX = 1_000_000;

/** Rows of each table; of large ones an estimate. */
export async function readRows(
  client: SqlClient,
  { settings, direction }: Configured,
): Promise<Record<string, number>> {
  const tables = await queryRows<{ table: string; name: string; estimate: number }>(
    client,
    `SELECT c.relname AS table, c.oid::regclass::text AS name, c.reltuples::float8 AS estimate
       FROM pg_class c WHERE c.relnamespace = to_regnamespace(quote_ident($1)) AND c.relkind = 'r' AND c.relname = ANY($2) ORDER BY 1`,
    [settings.hydraSchema, recordedTables(settings.hydraVersion[direction.from])],
  );
  const rows: Record<string, number> = {};
  for (const { table, name, estimate } of tables) {
    if (table === 'schema_migration') continue;
    const count = async () => {
      const [counted] = await queryRows<{ rows: number }>(client, `SELECT count(*)::float8 AS rows FROM ${name}`);
      return counted?.rows ?? 0;
    };
    rows[table] = estimate > COUNTED_ROWS_MAX ? Math.round(estimate) : await count();
  }
  return rows;
}

function some(names: readonly string[]): string {
  const rest = names.length - NAMES_SHOWN;
  return names.slice(0, NAMES_SHOWN).join(', ') + (rest > 0 ? ` and ${rest} more` : '');
}
