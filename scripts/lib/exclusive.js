// Built-ins only: this file runs before dependencies are installed.
'use strict';
const { mkdirSync, readFileSync, rmSync, writeFileSync, linkSync } = require('node:fs');
const { dirname } = require('node:path');
const { setTimeout: sleep } = require('node:timers/promises');
const { isSameProcessAlive, ownIdentity } = require('./process-identity.js');

const POLL_MS = 200;
let serial = 0;

/**
 * Runs `work` while no other process of this machine runs work under the same lock file.
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
  const me = ownIdentity();
  const draft = `${lockFile}.${me.pid}.${serial++}`;
  writeFileSync(draft, JSON.stringify(me));
  let told = false;
  try {
    for (;;) {
      try {
        linkSync(draft, lockFile);
        break;
      } catch (error) {
        if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EEXIST') throw error;
      }
      const holder = readHolder(lockFile);
      if (holder !== undefined && !isSameProcessAlive(holder)) {
        breakLock(lockFile, holder, draft);
        continue;
      }
      if (holder !== undefined && !told) {
        told = true;
        options.onWait?.(holder.pid);
      }
      await sleep(POLL_MS);
    }
  } finally {
    rmSync(draft, { force: true });
  }
  try {
    return await work();
  } finally {
    rmSync(lockFile, { force: true });
  }
}

/** @param {string} lockFile @returns {{ pid: number, startTime: string } | undefined} */
function readHolder(lockFile) {
  try {
    return JSON.parse(readFileSync(lockFile, 'utf8'));
  } catch {
    return undefined; // released between our attempt and our look
  }
}

/**
 * Removes a dead holder's lock. Two waiters may both see the dead holder; the second must not remove the lock that the
 * first has meanwhile taken, so breaking is itself done under a lock that is only ever held for this moment.
 *
 * @param {string} lockFile
 * @param {{ pid: number, startTime: string }} dead
 * @param {string} draft
 */
function breakLock(lockFile, dead, draft) {
  const breaker = `${lockFile}.break`;
  try {
    linkSync(draft, breaker);
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EEXIST') throw error;
    const other = readHolder(breaker);
    if (other !== undefined && !isSameProcessAlive(other)) rmSync(breaker, { force: true });
    return;
  }
  try {
    const current = readHolder(lockFile);
    if (current?.pid === dead.pid && current.startTime === dead.startTime) rmSync(lockFile, { force: true });
  } finally {
    rmSync(breaker, { force: true });
  }
}

module.exports = { exclusively };
