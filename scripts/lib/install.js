// Built-ins only: this file runs before dependencies are installed.
'use strict';
const { createHash } = require('node:crypto');
const { readFileSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const { spawnSync } = require('node:child_process');
const { exclusively } = require('./exclusive.js');

const ROOT = join(__dirname, '..', '..');
const LOCKFILE = join(ROOT, 'package-lock.json');
/** Inside node_modules, so that removing that folder also forgets that it was complete. */
const STAMP = join(ROOT, 'node_modules', '.hydra-cutover-installed');

function lockfileHash() {
  return createHash('sha256').update(readFileSync(LOCKFILE)).update(process.version).update(process.arch).digest('hex');
}

function isInstalled() {
  try {
    return readFileSync(STAMP, 'utf8') === lockfileHash();
  } catch {
    return false;
  }
}

/**
 * Whether npm itself has put there what the program needs to run, as on a machine for production (`npm ci --omit=dev`), where
 * nothing may be installed anew under a worker that runs, or without a network. npm writes its own lockfile last.
 */
function hasWhatRuns() {
  try {
    const wanted = packagesIn(LOCKFILE);
    const there = packagesIn(join(ROOT, 'node_modules', '.package-lock.json'));
    return Object.entries(wanted).every(
      ([path, { version, dev, optional, devOptional }]) =>
        path === '' || dev || optional || devOptional || there[path]?.version === version,
    );
  } catch {
    return false;
  }
}

/**
 * @param {string} lockfile
 * @returns {Record<string, { version?: string, dev?: boolean, optional?: boolean, devOptional?: boolean }>} by path
 */
function packagesIn(lockfile) {
  return JSON.parse(readFileSync(lockfile, 'utf8')).packages;
}

/**
 * Makes node_modules equal to the lockfile. Does nothing when it already is; an interrupted installation is repeated,
 * because the stamp is written last; two runs at once wait for one another.
 *
 * @param {{ readonly toRun?: boolean }} [options] `toRun`: what the program needs is enough, and stays as npm left it
 * @returns {Promise<void>}
 */
async function ensureInstalled({ toRun = false } = {}) {
  if (isInstalled() || (toRun && hasWhatRuns())) return;
  await exclusively(
    join(ROOT, '.npm-ci.lock'),
    () => {
      if (isInstalled()) return;
      process.stderr.write('installing dependencies (npm ci) ...\n');
      const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
      const result = spawnSync(npm, ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
        cwd: ROOT,
        stdio: ['ignore', 2, 2],
      });
      if (result.status !== 0) {
        const reason = result.error ? result.error.message : `npm ci ended with exit code ${result.status}`;
        throw new Error(
          `dependencies could not be installed: ${reason}. Check the network and the output above, then run the same command again.`,
        );
      }
      writeFileSync(STAMP, lockfileHash());
    },
    { onWait: (pid) => process.stderr.write(`waiting for the installation that process ${pid} runs ...\n`) },
  );
}

module.exports = { ensureInstalled, ROOT };
