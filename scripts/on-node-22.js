// Runs the tests that need no servers on Node.js 22, whatever this process runs on.
'use strict';
const { spawnSync } = require('node:child_process');
const { dirname, delimiter, join } = require('node:path');
const { ROOT } = require('./lib/install.js');
const { pinnedNode } = require('./lib/node-runtime.js');

async function main() {
  const program = await pinnedNode('22');
  const jest = [join(ROOT, 'node_modules', 'jest', 'bin', 'jest.js'), '--selectProjects', 'unit'];
  const env = { ...process.env, PATH: `${dirname(program)}${delimiter}${process.env['PATH'] ?? ''}` };
  return spawnSync(program, [...jest, ...process.argv.slice(2)], { cwd: ROOT, env, stdio: 'inherit' }).status ?? 1;
}

main().then(
  (code) => process.exit(code),
  (error) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  },
);
