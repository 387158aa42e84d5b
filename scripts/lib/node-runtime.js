// Built-ins only: this file runs before dependencies are installed, and on whatever Node.js npm was started with.
'use strict';
const { spawnSync } = require('node:child_process');
const { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } = require('node:fs');
const { homedir } = require('node:os');
const { isAbsolute, join } = require('node:path');
const { exclusively } = require('./exclusive.js');

const ROOT = join(__dirname, '..', '..');

/**
 * The Node.js that demo, tests and the local world run on where the machine's own is of a line that the product does not
 * support. The npm packages hold nothing but the program; npm refuses any bytes that do not have the pinned hash.
 *
 * @type {Readonly<Record<string, { version: string, integrity: Readonly<Record<string, string>> }>>}
 */
const PINNED = {
  22: {
    version: '22.23.3',
    integrity: {
      'linux-x64': 'sha512-qHnz5tFsHoj/WM+uRENVjWONi5hVvmwrgq8A4V76KpuVNAc4+jwK8x4gwbobE9BtHNg/AKR2583eYorLF/c7ng==',
      'linux-arm64': 'sha512-l3DAHZreylo+p9QXDtsOrjG2JXJqVzYXnAGmIQNOUNARcMppTO2cmewVQP+36tjJnSE+dzpMNtgW+c3oiDvXtA==',
    },
  },
  24: {
    version: '24.21.0',
    integrity: {
      'linux-x64': 'sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==',
      'linux-arm64': 'sha512-FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==',
    },
  },
};

/** The line that everything runs on where the machine's own Node.js is not supported. */
const DEFAULT_LINE = '24';

/** @returns {string} what package.json says, for example `^22.22.0 || ^24.13.0` */
function supportedRange() {
  return JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).engines.node;
}

/**
 * Whether a version satisfies `^a.b.c || ^d.e.f`, the only form that package.json uses.
 *
 * @param {string} version
 * @param {string} [range]
 * @returns {boolean}
 */
function isSupported(version, range = supportedRange()) {
  const numbers = version.split('.').map(Number);
  return range.split('||').some((part) => {
    const least = part.trim().replace(/^\^/, '').split('.').map(Number);
    if (numbers[0] !== least[0]) return false;
    return numbers[1] === least[1] ? (numbers[2] ?? 0) >= (least[2] ?? 0) : (numbers[1] ?? 0) > (least[1] ?? 0);
  });
}

/** The same folder as world/toolchain/cache/cache-root.ts, which cannot be loaded yet. @param {NodeJS.ProcessEnv} env */
function cacheFolder(env) {
  const chosen = env['HYDRA_CUTOVER_CACHE'];
  if (chosen !== undefined && chosen !== '') return chosen;
  const xdg = env['XDG_CACHE_HOME'];
  return join(xdg !== undefined && isAbsolute(xdg) ? xdg : join(env['HOME'] ?? homedir(), '.cache'), 'hydra-cutover');
}

/**
 * @param {string} [line] major version, of the pinned ones
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {Promise<string>} path of a pinned Node.js of that line: this process's own, else from the cache, else fetched by npm
 */
async function pinnedNode(line = DEFAULT_LINE, env = process.env) {
  const pin = PINNED[line];
  const platform = `${process.platform}-${process.arch}`;
  const integrity = pin?.integrity[platform];
  if (pin === undefined || integrity === undefined) {
    throw new Error(
      `Node.js ${process.versions.node} is not supported (${supportedRange()}), and none is pinned for ${platform}; install a supported one and run the same command again.`,
    );
  }
  if (process.versions.node === pin.version) return process.execPath;
  const folder = join(cacheFolder(env), 'node', `${pin.version}-${platform}`);
  const program = join(folder, 'bin', 'node');
  if (existsSync(program)) return program;
  await exclusively(
    `${folder}.lock`,
    () => {
      if (!existsSync(program)) fetchInto(folder, `node-${platform}`, { version: pin.version, integrity }, env);
    },
    { onWait: (pid) => process.stderr.write(`waiting for Node.js ${pin.version}, which process ${pid} fetches ...\n`) },
  );
  return program;
}

/**
 * @param {string} folder appears complete, in one step
 * @param {string} name
 * @param {{ version: string, integrity: string }} pin
 * @param {NodeJS.ProcessEnv} env
 */
function fetchInto(folder, name, { version, integrity }, env) {
  process.stderr.write(`fetching Node.js ${version} with npm (about 50 MB) ...\n`);
  const draft = `${folder}.draft-${process.pid}`;
  const path = `node_modules/${name}`;
  const dependencies = { [name]: version };
  const manifest = { name: 'node-runtime', version: '1.0.0', private: true, dependencies };
  const lock = {
    ...{ name: manifest.name, version: manifest.version, lockfileVersion: 3, requires: true },
    packages: { '': manifest, [path]: { version, integrity } },
  };
  try {
    mkdirSync(draft, { recursive: true });
    writeFileSync(join(draft, 'package.json'), JSON.stringify(manifest));
    writeFileSync(join(draft, 'package-lock.json'), JSON.stringify(lock));
    const npm = ['ci', '--prefix', draft, '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
    const fetched = spawnSync('npm', npm, { cwd: draft, env, stdio: ['ignore', 2, 2] });
    if (fetched.status !== 0) {
      const reason = fetched.error ? fetched.error.message : `npm ci ended with exit code ${fetched.status}`;
      throw new Error(
        `Node.js ${version} could not be fetched: ${reason}. Check the network and the output above, or install a supported Node.js (${supportedRange()}), then run the same command again.`,
      );
    }
    const { stdout } = spawnSync(join(draft, path, 'bin', 'node'), ['--version'], { encoding: 'utf8' });
    if (stdout?.trim() !== `v${version}`) {
      throw new Error(`the fetched Node.js ${version} does not run on this machine; install a supported one.`);
    }
    renameSync(join(draft, path), folder);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

module.exports = { isSupported, pinnedNode, PINNED, supportedRange };
