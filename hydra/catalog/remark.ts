import { type SqlClient, queryRows } from '../../domain/ports/sql-client';
import { sqlFile } from '../sql-file';
import { type FactKey, type FactKind, tell } from './fact';
import { readingCatalogs } from './read-catalog';

/** A comment or a security label on a part of Hydra's schema. No migration of Hydra makes one. */
export interface Remark {
  readonly kind: 'comment' | 'security label';
  /** Of a label: there may be one of each. */
  readonly provider: string;
  readonly of: FactKey;
  /** The statement that makes it again. */
  readonly make: string;
}

/**
 * What `COMMENT ON` calls an object, from its type as `pg_identify_object` has it; for SQL in which that is `i`.
 * Source: PostgreSQL manual, "COMMENT" and "Object Information and Addressing Functions".
 */
export const COMMENT_WORD_SQL = `CASE WHEN i.type LIKE '%column' THEN 'COLUMN' WHEN i.type LIKE '%constraint' THEN 'CONSTRAINT'
  WHEN i.type = 'statistics object' THEN 'STATISTICS' ELSE upper(i.type) END`;

interface RemarkRow {
  readonly kind: Remark['kind'];
  readonly provider: string;
  readonly ofKind: FactKind;
  readonly table: string;
  readonly name: string;
  readonly make: string;
}

export async function readRemarks(client: SqlClient, schema: string): Promise<readonly Remark[]> {
  const sql = sqlFile(__dirname, 'remarks.sql', { word: COMMENT_WORD_SQL });
  const rows = await readingCatalogs(client, () => queryRows<RemarkRow>(client, sql, [schema]));
  return rows.map(({ kind, provider, ofKind, table, name, make }) => ({
    kind,
    provider,
    of: { kind: ofKind, table, name },
    make,
  }));
}

/** As a person reads it: `comment of column hydra_client.id`. */
export function tellRemark({ kind, provider, of }: Remark): string {
  return `${kind}${provider === '' ? '' : ` of ${provider}`} of ${tell(of)}`;
}
