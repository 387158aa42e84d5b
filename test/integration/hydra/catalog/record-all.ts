import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { RECORDED_FOLDERS } from '../../../../hydra/catalog/recorded';
import { HYDRA_1_11_10, migrateTo230, withClone } from '../../world/seeder/clone';
import { readRecording, recordFacts, startRecording } from './record-migration';

const HERE = join(__dirname, '../../../../hydra/catalog');

/** Where a recorded file of that name is. */
export function recordedPath(name: string): string {
  return join(HERE, name.includes('-to-') ? RECORDED_FOLDERS.path : RECORDED_FOLDERS.facts, name);
}

export function readRecorded(name: string): readonly unknown[] {
  return JSON.parse(readFileSync(recordedPath(name), 'utf8')) as readonly unknown[];
}

/** Everything that is recorded from the real binaries, by the name of its file, one entry a line. */
export async function recordAll(): Promise<Readonly<Record<string, readonly unknown[]>>> {
  return withClone(HYDRA_1_11_10, async (clone) => {
    const { client } = clone;
    const blue = await recordFacts(client);
    await startRecording(client);
    const { output, applied } = await migrateTo230(clone);
    if (!applied) throw new Error(`the migration failed while it was recorded: ${output.slice(-2_000)}`);
    const path = await readRecording(client);
    await client.query(`DROP EVENT TRIGGER recorder_dropped; DROP EVENT TRIGGER recorder_compare;
      DROP TRIGGER recorder ON schema_migration; DROP SCHEMA recorder CASCADE`);
    const green = await recordFacts(client);
    const plain = (facts: typeof green) =>
      facts.map(({ kind, table, name, definition }) => [kind, table, name, definition]);
    return { '1.11.10.json': plain(blue), '2.3.0.json': plain(green), '1.11.10-to-2.3.0.json': path };
  });
}
