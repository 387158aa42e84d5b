import { CutoverFault } from '../../domain/faults';
import { type SupportedHydraVersion } from '../../domain/hydra-versions';
import { type SqlClient } from '../../domain/ports/sql-client';
import { inTransaction, quoteIdentifier } from '../cleaning/session';
import { ADAPTATION_ID } from './adaptation-id';
import { type CatalogFinding } from './finding';
import { inspectCatalog } from './inspect-catalog';

export interface AdaptOptions {
  readonly schema: string;
  readonly from: SupportedHydraVersion;
  readonly to: SupportedHydraVersion;
  /** Objects that the plan named: a person has approved that they are adapted on the copy. */
  readonly approved: readonly string[];
  readonly asOf: string;
  readonly archiveSchema?: string;
}

/**
 * Makes the copy what the migration needs where the source has objects of its own: views go, names are freed, what is missing is made again.
 * Each statement and what undoes it are archived in the same transaction, and so is what makes again whatever the migration takes. Idempotent.
 *
 * @returns the objects that were adapted
 * @throws CutoverFault CHECK_FAILED (something that the plan did not name, or that nobody but a person can fix; nothing was changed)
 */
export async function adaptCopy(client: SqlClient, options: AdaptOptions): Promise<readonly string[]> {
  const findings = await inspectCatalog(client, options);
  const approved = new Set(options.approved);
  const unapproved = findings.filter(
    ({ object, refuses, adaptation }) => refuses || (adaptation !== undefined && !approved.has(object)),
  );
  if (unapproved.length > 0) {
    const list = unapproved.map(({ object, why, fix }) => `${object} ${why}; ${fix}`);
    throw new CutoverFault(
      'CHECK_FAILED',
      `the copy has what the plan did not: ${list.join('; ')}; fix it on blue, or begin again with a new plan`,
      { objects: unapproved.map(({ object }) => object) },
    );
  }
  const schema = quoteIdentifier(options.archiveSchema ?? 'hydra_cutover');
  await inTransaction(client, 'BEGIN', 'COMMIT', async () => {
    const archive = (object: string, again: readonly string[], after: Readonly<Record<string, string>>) =>
      client.query(
        `INSERT INTO ${schema}.archive (rule_id, as_of, table_name, key, before, after)
         SELECT $1::text, $2::timestamptz, $3::text, $4::jsonb, $5::jsonb, $6::jsonb WHERE NOT EXISTS (
           SELECT 1 FROM ${schema}.archive WHERE rule_id = $1::text AND key = $4::jsonb AND after = $6::jsonb)`,
        [
          ADAPTATION_ID,
          options.asOf,
          options.schema,
          JSON.stringify({ object }),
          JSON.stringify({ again }),
          JSON.stringify(after),
        ],
      );
    for (const { object, statement, again } of inOrder(findings)) {
      await client.query(statement);
      await archive(object, again, { statement });
    }
    // A try that comes again finds them still there.
    for (const { object, again, why } of findings) if (again !== undefined) await archive(object, again, { why });
  });
  return findings.flatMap(({ object, adaptation }) => (adaptation === undefined ? [] : [object]));
}

/** What is dropped first; then indexes and keys before what refers to them. What two findings need is done once. */
export function inOrder(
  findings: readonly CatalogFinding[],
): readonly { readonly object: string; readonly statement: string; readonly again: readonly string[] }[] {
  const rank = (statement: string): number => {
    if (/^(COMMENT|SECURITY LABEL) /.test(statement)) return 4;
    if (/ FOREIGN KEY /.test(statement)) return 3;
    if (/^CREATE | ADD CONSTRAINT /.test(statement)) return 2;
    return 1;
  };
  return findings
    .flatMap(({ object, adaptation }) =>
      (adaptation?.statements ?? []).map((statement) => ({ object, statement, again: adaptation?.again ?? [] })),
    )
    .filter(({ statement }, at, all) => all.findIndex((one) => one.statement === statement) === at)
    .map((one, at) => ({ ...one, at }))
    .sort((a, b) => rank(a.statement) - rank(b.statement) || a.at - b.at)
    .map(({ object, statement, again }) => ({ object, statement, again }));
}
