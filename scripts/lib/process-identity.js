// Built-ins only: this file runs before dependencies are installed.
'use strict';
const { readFileSync } = require('node:fs');
const { spawnSync } = require('node:child_process');

/**
 * When a process started, in a form that only equals itself: a pid alone is reused by the kernel, pid and start time
 * together are not.
 *
 * @param {number} pid
 * @returns {string | undefined} undefined when no such process runs (a zombie counts as gone)
 * Source: proc(5), field 22 of /proc/PID/stat; elsewhere ps(1).
 */
function processStartTime(pid) {
  if (process.platform === 'linux') {
    let stat;
    try {
      stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    } catch {
      return undefined;
    }
    // The command name may hold spaces and parentheses: fields are counted from the last ')'.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
    return fields[19];
  }
  const ps = spawnSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], { encoding: 'utf8' });
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
  return { pid: process.pid, startTime: processStartTime(process.pid) ?? '' };
}

module.exports = { processStartTime, isSameProcessAlive, ownIdentity };
