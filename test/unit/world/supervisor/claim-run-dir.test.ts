import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { claimRunDir } from '../../../../world/supervisor';

it.each(['/proc/no/folder', '/dev/null/below-a-file'])('%s, where no folder can be made, is refused', async (dir) => {
  const worlds = mkdtempSync(join(tmpdir(), 'worlds-'));
  try {
    await expect(claimRunDir({ worlds, keep: false, dir })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  } finally {
    rmSync(worlds, { recursive: true });
  }
});
