import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { watchFiles } from '../../../../gateway/node/watch-files';

describe('files that are watched', () => {
  it('were changed, too, when only who may read them was: what was renewed and could not be read is read once it can', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'watched-'));
    const file = join(folder, 'key.pem');
    await writeFile(file, 'renewed by somebody else', { mode: 0o600 });
    let seen = false;
    const stop = watchFiles([file], () => (seen = true), 1);
    // Whenever its first look was, one of them comes after it.
    for (let times = 0; !seen && times < 2_000; times += 1) {
      await chmod(file, times % 2 === 0 ? 0o640 : 0o600);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    stop();
    await rm(folder, { recursive: true });
    expect(seen).toBe(true);
  });
});
