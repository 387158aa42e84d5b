import { type SupportedHydraVersion } from '../../domain/hydra-versions';
import { type SqlClient } from '../../domain/ports/sql-client';
import { type CatalogFinding } from './finding';
import { readForeignObjects } from './foreign-objects';
import { judgeCatalog } from './judge-catalog';
import { MigrationPath } from './migration-path';
import { readFacts } from './read-catalog';
import { RECORDED } from './recorded';
import { readRemarks } from './remark';

export interface InspectOptions {
  readonly schema: string;
  readonly from: SupportedHydraVersion;
  readonly to: SupportedHydraVersion;
  /** Who would adapt the copy, where another role looks. @default the session's role */
  readonly adapter?: string;
}

/** Holds a database against a fresh one of the version `from` and what its migrations to `to` do. Changes nothing. */
export async function inspectCatalog(client: SqlClient, options: InspectOptions): Promise<readonly CatalogFinding[]> {
  const { schema, from, to, adapter } = options;
  const fresh = RECORDED.facts(from);
  return judgeCatalog({
    found: await readFacts(client, schema),
    foreign: await readForeignObjects(client, schema, fresh, adapter),
    remarks: await readRemarks(client, schema),
    fresh,
    path: RECORDED.path(from, to),
    schema,
  });
}

/**
 * In what a migrated database is not what a fresh one of `version` is, as far as Hydra or a client could notice.
 *
 * Objects of others that stay as they were are none of it: preflight has told them.
 */
export async function differsFromFresh(
  client: SqlClient,
  { schema, version }: { readonly schema: string; readonly version: SupportedHydraVersion },
): Promise<readonly CatalogFinding[]> {
  const findings = judgeCatalog({
    found: await readFacts(client, schema),
    foreign: [],
    fresh: RECORDED.facts(version),
    path: new MigrationPath([]),
    schema,
  });
  return findings.filter(({ refuses, adaptation }) => refuses || adaptation !== undefined);
}
