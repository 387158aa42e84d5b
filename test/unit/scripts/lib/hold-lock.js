// Child process of exclusive.test.ts: node hold-lock.js count LOCK COUNTER TIMES | node hold-lock.js stay LOCK
'use strict';
const { readFileSync, writeFileSync } = require('node:fs');
const { setTimeout: sleep } = require('node:timers/promises');
const { exclusively } = require('../../../../scripts/lib/exclusive.js');

const STAY_MS = 60_000;

async function main() {
  const [mode, lockFile = '', counter = '', times = '1'] = process.argv.slice(2);
  if (mode === 'stay') {
    await exclusively(lockFile, async () => {
      process.stdout.write('held\n');
      await sleep(STAY_MS);
    });
    return;
  }
  for (let done = 0; done < Number(times); done += 1) {
    await exclusively(lockFile, async () => {
      const before = Number(readFileSync(counter, 'utf8'));
      // Between reading and writing the others get every chance to interfere.
      await sleep(1);
      writeFileSync(counter, String(before + 1));
    });
  }
}

main().catch((error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exit(1);
});
