import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SIGHTING_KINDS } from '../../../../domain/sightings';
import { Observations } from '../../../../gateway/node/observations';

it('what an older version saw counts on, though it knew fewer kinds', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'observations-'));
  const file = join(folder, 'state.json.observations');
  const errors: unknown[] = [];
  const open = () => Observations.open({ file, onError: (error) => errors.push(error) });
  try {
    const seen = { kind: 'paging', who: '192.0.2.1', what: 'GET /clients', count: 3, firstAt: 'then', lastAt: 'then' };
    const older = { since: 'then', sightings: [seen], beyond: { paging: 2 } };
    writeFileSync(file, JSON.stringify({ schemaVersion: 1, sightings: older, hours: [] }));
    const observations = await open();
    observations.saw({ kind: 'new_key', who: () => '192.0.2.1', what: 'POST /keys/a', isSo: () => true });
    await observations.close();
    const kept = JSON.parse(readFileSync(file, 'utf8')) as { sightings: { sightings: object[]; beyond: object } };
    expect(kept.sightings.sightings).toEqual([seen, expect.objectContaining({ kind: 'new_key', count: 1 })]);
    expect(kept.sightings.beyond).toEqual({
      ...Object.fromEntries(SIGHTING_KINDS.map((kind) => [kind, 0])),
      paging: 2,
    });
    expect(errors).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
