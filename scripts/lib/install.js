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
 * Makes node_modules equal to the lockfile. Does nothing when it already is; an interrupted installation is repeated,
 * because the stamp is written last; two runs at once wait for one another.
 *
 * @returns {Promise<void>}
 */
async function ensureInstalled() {
  if (isInstalled()) return;
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
