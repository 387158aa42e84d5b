// Built-ins only: this file runs before dependencies are installed.
'use strict';
const { readFileSync } = require('node:fs');
const { spawnSync } = require('node:child_process');

/** What the kernel says of a process that is not there, or ends while its file is read. */
const GONE = ['ENOENT', 'ESRCH'];

/**
 * When a process started, in a form that only equals itself: a pid alone is reused by the kernel, pid and start time
 * together are not.
 *
 * @param {number} pid
 * @returns {string | undefined} undefined when no such process runs (a zombie counts as gone)
 * @throws Error when that cannot be found out; a process that may be alive is never called gone
 * Source: proc(5), field 22 of /proc/PID/stat; elsewhere ps(1).
 */
function processStartTime(pid) {
  return process.platform === 'linux' ? startTimeFromProc(pid) : startTimeFromPs(pid);
}

/** @param {number} pid */
function startTimeFromProc(pid) {
  let stat;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch (error) {
    if (GONE.includes(/** @type {NodeJS.ErrnoException} */ (error).code ?? '')) return undefined;
    throw error;
  }
  // The command name may hold spaces and parentheses: fields are counted from the last ')'.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
  return fields[19];
}

/** @param {number} pid */
function startTimeFromPs(pid) {
  const ps = spawnSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], {
    encoding: 'utf8',
    // The date depends on both, and two processes that compare it may have different ones.
    env: { ...process.env, LC_ALL: 'C', TZ: 'UTC' },
  });
  if (ps.error) throw new Error(`ps does not run: ${ps.error.message}`);
  if (ps.signal !== null) throw new Error(`ps was ended by ${ps.signal}`);
  const line = ps.status === 0 ? ps.stdout.trim() : '';
  if (line === '' || line.startsWith('Z')) return undefined;
  return line.replace(/^\S+\s+/, '');
}

/**
 * @param {{ pid: number, startTime: string }} identity
 * @returns {boolean} whether exactly that process still runs
 */
function isSameProcessAlive(identity) {
  return processStartTime(identity.pid) === identity.startTime;
}

/** @returns {{ pid: number, startTime: string }} this process */
function ownIdentity() {
  const startTime = processStartTime(process.pid);
  if (startTime === undefined) throw new Error('this process is not in /proc; mount it');
  return { pid: process.pid, startTime };
}

module.exports = { processStartTime, isSameProcessAlive, ownIdentity };
