#!/usr/bin/env node
// The entry of every npm script. Built-ins only, because in a fresh clone nothing is installed yet.
'use strict';
const { spawn } = require('node:child_process');
const { delimiter, dirname, join } = require('node:path');
const { constants } = require('node:os');
const { ensureInstalled, ROOT } = require('./lib/install.js');
const { isSupported, pinnedNode } = require('./lib/node-runtime.js');

const bin = (/** @type {string} */ name) => join(ROOT, 'node_modules', '.bin', name);
/** Paths are absolute because the CLI keeps the caller's working directory. */
const node = (/** @type {string} */ file) => [
  process.execPath,
  '--require',
  join(ROOT, 'node_modules', 'tsx', 'dist', 'cjs', 'index.cjs'),
  join(ROOT, file),
];

/**
 * What each npm script runs, one command after the other, stopping at the first that fails. The caller's arguments go to
 * the last command.
 * @type {Record<string, string[][]>}
 */
const SCRIPTS = {
  attack: [node('test/attack/main.ts')],
  bench: [node('bench/main.ts')],
  // The longest first, because two run beside one another.
  check: [
    [bin('eslint'), '.'],
    [bin('tsc'), '--noEmit'],
    [bin('prettier'), '--check', '--log-level=warn', '.'],
    [...node('scripts/generate.ts'), '--check'],
    node('scripts/shape.ts'),
  ],
  // What the real binaries make of a database, and of one with each kind of odd object on each table.
  catalogs: [[...node('test/integration/hydra/catalog/main.ts'), 'record']],
  // The alert rules and their cases, with Prometheus' own promtool.
  'check:alerts': [node('test/alerts/main.ts')],
  // A second opinion on the RDS endpoint's XML and error codes; installs moto from PyPI into the cache.
  'check:moto': [node('test/contract/rds/run-against-moto.ts')],
  cli: [node('cli/main.ts')],
  // Clients that race for shared grants, over one switchover after the other; each grant's history is checked.
  contend: [node('test/contention/main.ts')],
  demo: [node('world/demo/main.ts')],
  format: [[bin('prettier'), '--write', '--log-level=warn', '.']],
  fuzz: [node('test/fuzz/main.ts')],
  generate: [node('scripts/generate.ts')],
  histories: [node('test/workflows/replay/record.ts')],
  lint: [[bin('eslint'), '.']],
  matrix: [node('test/e2e/matrix/main.ts')],
  model: [node('test/model/main.ts')],
  mutate: [node('test/mutations/main.ts')],
  // How often the bake's judge is wrong, and how soon it is right.
  simulate: [node('test/simulation/main.ts')],
  oddities: [[...node('test/integration/hydra/catalog/main.ts'), 'oddities']],
  // The gateway as a package of its own, which needs nothing of this folder.
  'pack:gateway': [[process.execPath, join(ROOT, 'scripts', 'pack-gateway.js')]],
  test: [[process.execPath, join(ROOT, 'node_modules', 'jest', 'bin', 'jest.js')]],
  // Hydra 26.2.0, whose program somebody has to bring: what it makes of a database is recorded, and an upgrade to it runs under traffic.
  'test:hydra-26': [
    [...node('test/integration/hydra/catalog/main.ts'), 'record', '26.2.0'],
    [process.execPath, join(ROOT, 'node_modules', 'jest', 'bin', 'jest.js'), 'test/unit/hydra/paths'],
    [...node('world/demo/main.ts'), '--to', '26.2.0'],
  ],
  // What reads catalogs and rows of both Hydras on another version of PostgreSQL, which is the first argument.
  'test:pg': [[process.execPath, join(ROOT, 'scripts', 'on-postgres.js')]],
  'test:long': [[process.execPath, join(ROOT, 'scripts', 'test-long.js')]],
  // The tests without servers on the other line of Node.js that is supported.
  'test:node22': [[process.execPath, join(ROOT, 'scripts', 'on-node-22.js')]],
  toolchain: [node('world/toolchain/main.ts')],
  typecheck: [[bin('tsc'), '--noEmit']],
  // What the plan in place makes of the oldest Hydra 1.x that can be built.
  unseen: [node('test/unseen/main.ts')],
  worker: [node('workers/main.ts')],
  world: [[...node('cli/main.ts'), 'world']],
};

/**
 * Runs one command in the foreground. Signals are the child's to handle; this process only waits, so that its own end
 * is never mistaken for the child's.
 *
 * @param {string[]} command
 * @param {string} cwd
 * @returns {Promise<number>} the exit code, 128 + signal number if a signal ended it
 */
function runForeground(command, cwd) {
  const [file, ...args] = command;
  const child = spawn(/** @type {string} */ (file), args, {
    stdio: 'inherit',
    cwd,
    env: { ...process.env, TSX_TSCONFIG_PATH: join(ROOT, 'tsconfig.json') },
  });
  const interactive = Boolean(process.stdin.isTTY);
  /** @type {NodeJS.Signals[]} */
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const signal of signals) {
    process.on(signal, () => {
      // A terminal sends Ctrl-C to the whole foreground group: the child has it already.
      if (signal === 'SIGINT' && interactive) return;
      child.kill(signal);
    });
  }
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(signal === null ? (code ?? 1) : 128 + constants.signals[signal]));
  });
}

/** So many of what needs nothing of one another run at once. */
const AT_ONCE = 2;

/**
 * Runs them all beside one another, as far as none has failed, and prints what each said when it ends.
 *
 * @param {string[][]} commands
 * @returns {Promise<number>} the exit code of the first that failed
 */
async function runTogether(commands) {
  const waiting = [...commands];
  let failed = 0;
  const lane = async () => {
    for (let command = waiting.shift(); command !== undefined && failed === 0; command = waiting.shift()) {
      const code = await runAndPrint(command);
      if (failed === 0) failed = code;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  return failed;
}

/**
 * @param {string[]} command
 * @returns {Promise<number>}
 */
function runAndPrint([file = '', ...args]) {
  const colours = process.stdout.isTTY ? { FORCE_COLOR: '1' } : {};
  const env = { ...process.env, ...colours, TSX_TSCONFIG_PATH: join(ROOT, 'tsconfig.json') };
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'], cwd: ROOT, env });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (/** @type {string} */ text) => (said += text));
  }
  const stop = () => void child.kill();
  for (const signal of ['SIGTERM', 'SIGHUP']) process.once(signal, stop);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      for (const signal of ['SIGTERM', 'SIGHUP']) process.removeListener(signal, stop);
      process.stdout.write(said);
      resolve(code ?? 1);
    });
  });
}

/**
 * What an installation for production starts is never moved to another Node.js than the one it was started with: the worker
 * refuses one that is not supported, and every other verb of the CLI says so in `doctor`.
 *
 * @param {string} name
 * @param {string[]} args
 */
function runsAsStarted(name, args) {
  return name === 'worker' || (name === 'cli' && args[0] !== 'world');
}

async function main() {
  const [name = '', ...args] = process.argv.slice(2);
  const own = SCRIPTS[name];
  if (own === undefined) {
    process.stderr.write(`unknown script "${name}"; known: ${Object.keys(SCRIPTS).join(', ')}\n`);
    return 2;
  }
  if (!isSupported(process.versions.node) && !runsAsStarted(name, args)) {
    const program = await pinnedNode();
    process.env['PATH'] = `${dirname(program)}${delimiter}${process.env['PATH'] ?? ''}`;
    return runForeground([program, join(ROOT, 'scripts', 'run.js'), ...process.argv.slice(2)], process.cwd());
  }
  await ensureInstalled({ toRun: name === 'cli' || name === 'worker' });
  // Everything that CI refuses; with a path or a filter a person wants those tests and nothing else.
  if (name === 'check' || (name === 'test' && args.length === 0)) {
    const code = await runTogether(SCRIPTS['check'] ?? []);
    if (code !== 0 || name === 'check') return code;
  }
  const cwd = name === 'cli' ? process.cwd() : ROOT;
  for (const [index, command] of own.entries()) {
    const last = index === own.length - 1;
    const code = await runForeground(last ? [...command, ...args] : command, cwd);
    if (code !== 0 || last) return code;
  }
  return 0;
}

main().then(
  (code) => process.exit(code),
  (error) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  },
);
