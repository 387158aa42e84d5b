// Built-ins only: this file runs before dependencies are installed.
'use strict';
const { randomBytes } = require('node:crypto');
const { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync, linkSync } = require('node:fs');
const { basename, dirname, join } = require('node:path');
const { setTimeout: sleep } = require('node:timers/promises');
const { isSameProcessAlive, ownIdentity } = require('./process-identity.js');

const POLL_MS = 200;

/** Stands for the holder of a lock file that a crash of the machine left without its content. */
const UNREADABLE = { pid: 0, startTime: 'unreadable' };

/** @typedef {{ pid: number, startTime: string }} Identity */

/**
 * Runs `work` while no other process of this machine runs work under the same lock file. Two calls in one process exclude
 * one another too.
 *
 * A lock whose holder died (kill -9 included) is taken over: holders are known by pid and start time. The file appears
 * with its content in one step (link(2)), so a half-written lock is never seen.
 *
 * @template T
 * @param {string} lockFile absolute path; its folder is created
 * @param {() => Promise<T> | T} work
 * @param {{ onWait?: (holderPid: number) => void }} [options] onWait is called once if somebody else holds the lock
 * @returns {Promise<T>}
 */
async function exclusively(lockFile, work, options = {}) {
  mkdirSync(dirname(lockFile), { recursive: true });
  // Random, because a process may have this module more than once: worker threads and test runners do.
  const draft = `${lockFile}.draft-${randomBytes(8).toString('hex')}`;
  try {
    writeFileSync(draft, JSON.stringify(ownIdentity()));
    await acquire(lockFile, draft, options.onWait);
  } finally {
    rmSync(draft, { force: true });
  }
  try {
    sweepLitter(lockFile);
    return await work();
  } finally {
    // Somebody may have removed the file by hand, and another process may hold it by now.
    if (sameIdentity(readHolder(lockFile), ownIdentity())) rmSync(lockFile, { force: true });
  }
}

/**
 * @param {string} lockFile
 * @param {string} draft
 * @param {((holderPid: number) => void) | undefined} onWait
 */
async function acquire(lockFile, draft, onWait) {
  let told = false;
  while (!linked(draft, lockFile)) {
    const holder = readHolder(lockFile);
    if (holder === undefined) continue; // released between our attempt and our look
    if (!isSameProcessAlive(holder)) {
      if (removeOfDead(lockFile, holder, draft)) continue;
    } else if (!told) {
      told = true;
      onWait?.(holder.pid);
    }
    await sleep(POLL_MS);
  }
}

/**
 * Removes the lock of a dead holder. Several waiters see the dead holder; a slow one must not remove the lock that a quick one
 * has taken since. So removing needs a certificate, a file named after the dead: only its one owner may remove, and only
 * while the lock still names that dead process, which can never take a lock again. An owner of a certificate that dies
 * too is removed in the same way, with a certificate of its own.
 *
 * @param {string} file
 * @param {Identity} dead
 * @param {string} draft
 * @returns {boolean} false when another process is at it
 */
function removeOfDead(file, dead, draft) {
  const name = `${dead.pid}-${dead.startTime}`.replace(/[^A-Za-z0-9-]+/g, '_');
  const certificate = `${file}.dead-${name}`;
  if (!linked(draft, certificate)) {
    const owner = readHolder(certificate);
    return owner !== undefined && !isSameProcessAlive(owner) && removeOfDead(certificate, owner, draft);
  }
  try {
    if (sameIdentity(readHolder(file), dead)) rmSync(file, { force: true });
    return true;
  } finally {
    rmSync(certificate, { force: true });
  }
}

/**
 * What killed waiters left: their drafts and certificates. Nobody needs a dead process's draft; and while we hold the lock,
 * no certificate is good for anything, because the lock names us.
 *
 * @param {string} lockFile
 */
function sweepLitter(lockFile) {
  const folder = dirname(lockFile);
  const prefixes = [`${basename(lockFile)}.draft-`, `${basename(lockFile)}.dead-`];
  for (const name of readdirSync(folder)) {
    if (!prefixes.some((prefix) => name.startsWith(prefix))) continue;
    const holder = readHolder(join(folder, name));
    // A draft without content may be one that is being written.
    if (holder !== undefined && holder !== UNREADABLE && !isSameProcessAlive(holder)) {
      rmSync(join(folder, name), { force: true });
    }
  }
}

/**
 * @param {string} draft
 * @param {string} file
 * @returns {boolean} false when `file` exists
 */
function linked(draft, file) {
  try {
    linkSync(draft, file);
    return true;
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'EEXIST') return false;
    throw error;
  }
}

/**
 * @param {string} file
 * @returns {Identity | undefined} undefined when the file is not there
 */
function readHolder(file) {
  let text;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const { pid, startTime } = JSON.parse(text);
    if (Number.isInteger(pid) && typeof startTime === 'string') return { pid, startTime };
  } catch {
    // Told by the return value.
  }
  return UNREADABLE;
}

/** @param {Identity | undefined} a @param {Identity} b */
function sameIdentity(a, b) {
  return a?.pid === b.pid && a.startTime === b.startTime;
}

module.exports = { exclusively };
