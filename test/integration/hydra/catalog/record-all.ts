import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { RECORDED_FOLDERS } from '../../../../hydra/catalog/recorded';
import { PATHS } from '../../../../hydra/paths/registry';
import { BROUGHT_HYDRA } from '../../../../world/toolchain/versions';
import { type HydraVersion } from '../../../../world/toolchain/types';
import { migrateTo, templateOf, withClone } from '../../world/seeder/clone';
import { readRecording, recordFacts, startRecording } from './record-migration';

const HERE = join(__dirname, '../../../../hydra/catalog');

/** Where a recorded file of that name is. */
export function recordedPath(name: string): string {
  return join(HERE, name.includes('-to-') ? RECORDED_FOLDERS.path : RECORDED_FOLDERS.facts, name);
}

export function readRecorded(name: string): readonly unknown[] {
  return JSON.parse(readFileSync(recordedPath(name), 'utf8')) as readonly unknown[];
}

/** The ways whose binaries are here: some have to be brought, and are named by an environment variable. */
export const RECORDABLE_PATHS = PATHS.filter(({ to }) => {
  const brought = Object.values(BROUGHT_HYDRA).find(({ version }) => version === to);
  return brought === undefined || (process.env[brought.variable] ?? '') !== '';
});

/**
 * Everything that is recorded from the real binaries, by the name of its file, one entry a line.
 *
 * @throws Error where two ways do not end in the same schema
 */
export async function recordAll(): Promise<Readonly<Record<string, readonly unknown[]>>> {
  const all: Record<string, readonly unknown[]> = {};
  for (const { from, to } of RECORDABLE_PATHS) {
    const recorded = await recordPath(templateOf(from), to);
    all[`${from}.json`] = recorded.blue;
    all[`${from}-to-${to}.json`] = recorded.path;
    const known = all[`${to}.json`] ?? recorded.green;
    if (JSON.stringify(known) !== JSON.stringify(recorded.green)) throw new Error(`from ${from} another ${to} is made`);
    all[`${to}.json`] = known;
  }
  return all;
}

async function recordPath(template: string, to: HydraVersion) {
  return withClone(template, async (clone) => {
    const { client } = clone;
    const blue = await recordFacts(client);
    await startRecording(client);
    const { output, count, known, applied } = await migrateTo(to, clone);
    if (!applied) {
      throw new Error(
        `the database has ${count} migrations, and ${known} of Hydra ${to} are known: either the migration stopped, or the list in hydra/versions is another release's. The program printed: ${output.slice(-2_000)}`,
      );
    }
    const path = await readRecording(client);
    await client.query(`DROP EVENT TRIGGER recorder_dropped; DROP EVENT TRIGGER recorder_compare;
      DROP TRIGGER recorder ON schema_migration; DROP SCHEMA recorder CASCADE`);
    const green = await recordFacts(client);
    const plain = (facts: typeof green) =>
      facts.map(({ kind, table, name, definition }) => [kind, table, name, definition]);
    return { blue: plain(blue), green: plain(green), path };
  });
}
