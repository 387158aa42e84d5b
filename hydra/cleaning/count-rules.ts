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
  return inTransaction(client, 'BEGIN ISOLATION LEVEL REPEATABLE READ', 'ROLLBACK', async () => {
    await assertBlueSchema(client);
    await createHelpers(client, options.archiveSchema ?? DEFAULT_ARCHIVE_SCHEMA);
    await client.query('SET TRANSACTION READ ONLY');
    const counts: RuleCount[] = [];
    for (const id of CLEANING_RULE_IDS) {
      const tables = await countRule(client, id);
      counts.push({ id, ...CLEANING_RULES[id], rows: total(tables), tables });
    }
    return counts;
  });
}
