import fs from 'node:fs/promises';
import { createFileTarget } from './file-target-of-test';

/** What changes a file or a folder. */
const CHANGES = ['open', 'link', 'rename', 'rm', 'chmod'] as const;

/** A worker that is killed right before so many changes of files; it says how many there were if it lives. */
async function main([folder = '', epoch = '', lives = '']: readonly string[]): Promise<void> {
  let changes = 0;
  for (const name of CHANGES) {
    const change = fs[name] as (...args: unknown[]) => Promise<unknown>;
    Object.assign(fs, {
      [name]: (...args: unknown[]) => {
        if (changes === Number(lives)) process.kill(process.pid, 'SIGKILL');
        changes += 1;
        return change(...args);
      },
    });
  }
  await createFileTarget(folder).apply(Number(epoch));
  process.stdout.write(String(changes));
}

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(String(error));
  process.exitCode = 1;
});
