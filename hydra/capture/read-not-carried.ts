import { type SqlClient, queryRows } from '../../domain/ports/sql-client';
import { sqlFile } from '../sql-file';

export interface NotCarried {
  readonly what: string;
  readonly count: number;
  readonly why: string;
}

interface Counts {
  readonly logins: number;
  readonly consents: number;
  readonly canaries: number;
}

/**
 * @param heldAt when requests were first held: ISO-8601, blue's clock
 * @param loginTtlMs how long a login or a consent may take on blue
 */
export async function readNotCarried(
  blue: SqlClient,
  schema: string,
  heldAt: string,
  loginTtlMs: number,
): Promise<NotCarried[]> {
  const quoted = `"${schema.replaceAll('"', '""')}"`;
  const sql = sqlFile(__dirname, 'not-carried.sql', { schema: quoted });
  const [counts] = await queryRows<Counts>(blue, sql, [heldAt, loginTtlMs]);
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
    { what: 'canaries', count: counts.canaries, why: "rows of this cutover's own, none of Hydra's" },
  ];
}
