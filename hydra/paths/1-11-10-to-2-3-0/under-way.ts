import { type SqlClient, queryRows } from '../../../domain/ports/sql-client';
import { quoteIdentifier } from '../../cleaning/session';
import { sqlFile } from '../../sql-file';
import { type NotCarried } from '../copy-path';

interface Counts {
  readonly logins: number;
  readonly consents: number;
}

/** Logins and consents that were under way when requests were held. @param loginTtlMs how long one may take on the source */
export async function readUnderWay(
  from: SqlClient,
  schema: string,
  heldAt: string,
  loginTtlMs: number,
): Promise<readonly NotCarried[]> {
  const sql = sqlFile(__dirname, 'under-way.sql', { schema: quoteIdentifier(schema) });
  const [counts] = await queryRows<Counts>(from, sql, [heldAt, loginTtlMs]);
  if (counts === undefined) throw new Error('counts gave no row');
  return [
    {
      what: 'logins under way',
      count: counts.logins,
      why: 'Hydra 2.x keeps a login under way encrypted in the browser; these users were sent to log in once more',
    },
    {
      what: 'consents under way',
      count: counts.consents,
      why: 'as logins: asked for once more',
    },
  ];
}
