import { type SqlClient } from '../../domain/ports/sql-client';
import { type CleaningRuleId, type RuleKind, CLEANING_RULES, CLEANING_RULE_IDS } from './rules';
import { DEFAULT_ARCHIVE_SCHEMA, assertBlueSchema, countRule, createHelpers, inTransaction, total } from './session';

export interface RuleCount {
  readonly id: CleaningRuleId;
  readonly kind: RuleKind;
  readonly title: string;
  readonly fix: string;
  readonly rows: number;
  readonly tables: Readonly<Record<string, number>>;
}

export interface CountOptions {
  /** Where an earlier cleaning of this database keeps its archive. @default 'hydra_cutover' */
  readonly archiveSchema?: string;
}

/**
 * Counts what every rule applies to, in one snapshot, in the order in which the rules are applied.
 *
 * Changes nothing and can run on blue while it serves: the transaction is read-only but for a few functions in the session's temporary
 * schema, and it is rolled back. It therefore needs a server that is no standby and a role with TEMP on the database (PUBLIC has it).
 * @throws CutoverFault CHECK_FAILED (not the schema of 1.11.10)
 */
export async function countRules(client: SqlClient, options: CountOptions = {}): Promise<readonly RuleCount[]> {
  return countEach(client, options, async (id) => {
    const tables = await countRule(client, id);
    return { id, ...CLEANING_RULES[id], rows: total(tables), tables };
  });
}

/** `rows` is null for a rule that could not be counted in its time: nothing is known of it. */
export type RuleCountWithin = Omit<RuleCount, 'rows' | 'tables'> & { readonly rows: number | null };

/**
 * As {@link countRules}, on a database that serves and may be large: a count of every rule reads its largest tables several times,
 * and its snapshot keeps vacuum from all of them.
 *
 * @param limitMs for all rules together; each gets its share of what is left
 */
export async function countRulesWithin(client: SqlClient, limitMs: number): Promise<readonly RuleCountWithin[]> {
  const endsAt = performance.now() + limitMs;
  let left = CLEANING_RULE_IDS.length;
  return countEach(client, {}, async (id) => {
    const shareMs = Math.max(1, Math.floor((endsAt - performance.now()) / left));
    left -= 1;
    await client.query(`SAVEPOINT rule; SET LOCAL statement_timeout = ${shareMs}`);
    const tables = await countRule(client, id).catch((error: unknown) => {
      if (error instanceof Error && 'code' in error && error.code === QUERY_CANCELED) return null;
      throw error;
    });
    await client.query('ROLLBACK TO SAVEPOINT rule');
    return { id, ...CLEANING_RULES[id], rows: tables === null ? null : total(tables) };
  });
}

/** Source: PostgreSQL manual, "PostgreSQL Error Codes". */
const QUERY_CANCELED = '57014';

async function countEach<Count>(
  client: SqlClient,
  { archiveSchema = DEFAULT_ARCHIVE_SCHEMA }: CountOptions,
  count: (id: CleaningRuleId) => Promise<Count>,
): Promise<readonly Count[]> {
  return inTransaction(client, 'BEGIN ISOLATION LEVEL REPEATABLE READ', 'ROLLBACK', async () => {
    await assertBlueSchema(client);
    await createHelpers(client, archiveSchema);
    await client.query('SET TRANSACTION READ ONLY');
    const counts: Count[] = [];
    for (const id of CLEANING_RULE_IDS) counts.push(await count(id));
    return counts;
  });
}
