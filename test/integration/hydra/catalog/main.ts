import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { type Client } from 'pg';
import { CutoverFault } from '../../../../domain/faults';
import { RECORDED } from '../../../../hydra/catalog/recorded';
import { PATHS } from '../../../../hydra/paths/registry';
import { type HydraVersion, resolveHydra } from '../../../../world/toolchain';
import { asAdmin } from '../../../support/database';
import globalSetup from '../../../support/global-setup';
import globalTeardown from '../../../support/global-teardown';
import { sharedServers } from '../../../support/shared-servers';
import { HYDRA_1_11_10 } from '../../world/seeder/clone';
import { adapts, isApart, judgeAlone, type Judged, migrateAdapted, migrateOver, passes, unsaid } from './odd-databases';
import { GROUND, named, oddObjects, type OddObject } from './odd-objects';
import { RECORDABLE_PATHS, recordAll, recordedPath } from './record-all';
import { withSession } from '../../../../world/net/with-session';

const READER = 'oddities_reader';

/**
 * `record` writes what the real binaries do, with a version only where its program is there; `oddities` runs the vendor's migration over
 * every odd object.
 */
async function main([command, first, kind]: readonly string[]): Promise<number> {
  // Before any server is started: a program that somebody has to bring may be missing, or another one.
  if (command === 'record') for (const to of versionsToRecord(first)) await resolveHydra(to);
  await globalSetup();
  try {
    return command === 'record' ? await record() : await oddities(first, kind);
  } finally {
    await globalTeardown();
  }
}

/** @param needed one that is to be recorded in any case */
function versionsToRecord(needed?: string): readonly HydraVersion[] {
  const wanted = PATHS.filter(({ to }) => to === needed);
  if (needed !== undefined && wanted.length === 0) {
    throw new CutoverFault(
      'USAGE',
      `no way leads to Hydra ${needed}; there are: ${[...new Set(PATHS.map(({ to }) => to))].join(', ')}`,
    );
  }
  return [...wanted, ...RECORDABLE_PATHS].map(({ to }) => to);
}

async function record(): Promise<number> {
  for (const [name, rows] of Object.entries(await recordAll())) {
    const lines = rows.map((row) => JSON.stringify(row));
    writeFileSync(recordedPath(name), `[\n${lines.join(',\n')}\n]\n`);
    process.stdout.write(`${name}: ${rows.length} entries\n`);
  }
  return 0;
}

/** @param table the objects of this one alone. @param kind those of this kind: what its name begins with */
async function oddities(table: string | undefined, kind = ''): Promise<number> {
  const ground = `ground_${randomBytes(6).toString('hex')}`;
  await asAdmin(`CREATE DATABASE ${ground} TEMPLATE ${HYDRA_1_11_10}`);
  const config = { ...sharedServers().postgres, database: ground };
  await withSession(config, (client) => client.query(GROUND.replaceAll(':reader', READER)));
  const objects = oddObjects(RECORDED.facts('1.11.10')).filter(
    (one) => (table ?? one.table) === one.table && one.kind.startsWith(kind),
  );
  const byTable = new Map<string, OddObject[]>();
  for (const one of objects) byTable.set(one.table, [...(byTable.get(one.table) ?? []), named(one, READER)]);
  let wrong = 0;
  for (const [name, ofTable] of byTable) {
    const copy = `${ground}_judge`;
    await asAdmin(`CREATE DATABASE ${copy} TEMPLATE ${ground}`);
    const judged = await withSession({ ...config, database: copy }, (client) => judgeAll(client, ofTable));
    await asAdmin(`DROP DATABASE ${copy} WITH (FORCE)`);
    const found = [...judged.flatMap(unsaid), ...(await migrateAll(ground, judged))];
    wrong += found.length;
    process.stdout.write(`${name}: ${judged.length} objects, ${found.length} wrong\n`);
    for (const one of found) process.stdout.write(`  ${one}\n`);
  }
  await asAdmin(`DROP DATABASE ${ground} WITH (FORCE)`);
  return wrong === 0 ? 0 : 1;
}

async function judgeAll(client: Client, objects: readonly OddObject[]): Promise<readonly Judged[]> {
  const judged: Judged[] = [];
  for (const one of objects) judged.push(await judgeAlone(client, one));
  return judged;
}

/** What passes together; what stops, and what is adapted, each by itself. */
async function migrateAll(ground: string, judged: readonly Judged[]): Promise<readonly string[]> {
  const together = judged.filter((one) => passes(one) && !isApart(one));
  const apart = judged.filter((one) => !passes(one) || isApart(one));
  const wrong = [...(await migrateOver(ground, together))];
  for (const one of apart) wrong.push(...(await migrateOver(ground, [one])));
  for (const one of judged.filter(adapts)) wrong.push(...(await migrateAdapted(ground, [one])));
  return wrong;
}

main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (error: unknown) => {
    if (error instanceof CutoverFault) {
      process.stderr.write(`error ${error.code}: ${error.message}\n`);
      process.exit(error.exitCode);
    }
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exit(1);
  },
);
