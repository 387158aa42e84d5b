import { type Client } from 'pg';
import { type SqlClient } from '../../../../domain/ports/sql-client';
import { type CatalogFinding } from '../../../../hydra/catalog';
import { inOrder } from '../../../../hydra/catalog/adapt';
import { differsFromFresh, inspectCatalog } from '../../../../hydra/catalog/inspect-catalog';
import { migrateTo230, withClone } from '../../world/seeder/clone';
import { type OddObject } from './odd-objects';

export interface Judged {
  readonly odd: OddObject;
  readonly findings: readonly CatalogFinding[];
}

const PAIR = { schema: 'public', from: '1.11.10', to: '2.3.0' } as const;

/** Makes the object, hears what is found, and takes it away again. */
export async function judgeAlone(client: Client, odd: OddObject): Promise<Judged> {
  const within: SqlClient = {
    query: (text, values) =>
      /^(BEGIN|ROLLBACK)/.test(text) ? client.query('SELECT 1') : client.query(text, values as unknown[]),
  };
  await client.query('BEGIN');
  try {
    await makeAll(client, [odd]);
    return { odd, findings: await inspectCatalog(within, PAIR) };
  } finally {
    await client.query('ROLLBACK');
  }
}

async function makeAll(client: Client, objects: readonly OddObject[]): Promise<void> {
  // Types first: what is made of a column keeps its type. Last what is taken away, with what hangs on it.
  const rank = ({ kind }: OddObject): number => (kind.startsWith('wide') ? 0 : kind.startsWith('no ') ? 2 : 1);
  const sorted = [...objects].sort((a, b) => rank(a) - rank(b));
  for (const { make } of sorted) for (const statement of make) await client.query(statement);
}

const has = ({ findings }: Judged, wanted: CatalogFinding['class']) => findings.some((one) => one.class === wanted);

/**
 * Whether it says nothing beside others: what is gone or otherwise of Hydra's own takes with it what others hang on, and a child
 * table is published with its parent.
 */
export function isApart({ odd }: Judged): boolean {
  return odd.probe === undefined || odd.kind === 'child table';
}

/** Those that the judge lets the migration pass over. */
export function passes(judged: Judged): boolean {
  return !has(judged, 'stops');
}

/** Those for which green is adapted, and nothing refuses the run. */
export function adapts({ findings }: Judged): boolean {
  return findings.some(({ adaptation }) => adaptation !== undefined) && !findings.some(({ refuses }) => refuses);
}

/** Each verdict without which the judge said nothing about the object. */
export function unsaid({ odd, findings }: Judged): string[] {
  return findings.some(({ object }) => object.startsWith(odd.found))
    ? []
    : [`${odd.id}: nothing was said of ${odd.found}`];
}

/** The vendor's migration over a database with all of these; @returns what was otherwise than the judge said */
export async function migrateOver(template: string, judged: readonly Judged[]): Promise<string[]> {
  return withClone(template, async (clone) => {
    const { client } = clone;
    await makeAll(
      client,
      judged.map(({ odd }) => odd),
    );
    const { output, applied } = await migrateTo230(clone);
    const stops = judged.some((one) => has(one, 'stops'));
    const names = judged.map(({ odd }) => odd.id).join(', ');
    if (applied === stops)
      return [
        `${names}: ${applied ? 'was migrated' : reason(output)}, and the judge said ${stops ? 'stops' : 'passes'}`,
      ];
    if (!applied) return [];
    const wrong: string[] = [];
    for (const { odd, findings } of judged) {
      if (odd.probe === undefined) continue;
      const isThere = ((await client.query<{ is: string }>(odd.probe)).rows[0]?.is ?? null) !== null;
      const said = findings.find(({ object }) => object.startsWith(odd.found))?.class;
      // What refuses a run is not said to stay.
      if (said !== 'changed' && isThere === (said === 'lost'))
        wrong.push(`${odd.id}: ${isThere ? 'is there' : 'is gone'} on green, and the judge said ${said}`);
    }
    const differs = await differsFromFresh(client, { schema: 'public', version: '2.3.0' });
    const told = new Set(
      judged.flatMap(({ findings }) => findings.filter((one) => one.class === 'changed').map(({ object }) => object)),
    );
    for (const { object, why } of differs)
      // The migration renames a column and what belongs to it.
      if (!told.has(object.replace(/_deprecated$/, '')))
        wrong.push(`${object} ${why} on green, and the judge did not say so`);
    return wrong;
  });
}

/** The vendor's migration over a database that was adapted: it passes, and makes what a fresh database is. */
export async function migrateAdapted(template: string, judged: readonly Judged[]): Promise<string[]> {
  return withClone(template, async (clone) => {
    const { client } = clone;
    await makeAll(
      client,
      judged.map(({ odd }) => odd),
    );
    const names = judged.map(({ odd }) => odd.id).join(', ');
    try {
      const findings = await inspectCatalog(client, PAIR);
      for (const { statement } of inOrder(findings)) await client.query(statement);
    } catch (error) {
      return [`${names}: could not be adapted: ${String(error)}`];
    }
    const { output, applied } = await migrateTo230(clone);
    if (!applied) return [`${names}: was adapted, and ${reason(output)}`];
    const differs = await differsFromFresh(client, { schema: 'public', version: '2.3.0' });
    return differs.map(({ object, why }) => `${names}: was adapted, and ${object} ${why}`);
  });
}

function reason(output: string): string {
  return /ERROR: [^\n]*?SQLSTATE \w+/.exec(output)?.[0] ?? 'stopped without a reason';
}
