import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, rmSync } from 'node:fs';
import { type Writable } from 'node:stream';
import { recordProcess } from './process-record';
import { type ProcessExit, type ProcessSpec } from './process-spec';
import { send } from './signal-process';
import { RUN_DIR_VARIABLE } from './stray-processes';

/**
 * Waits for a line on descriptor 3, then becomes the program. The line is sent once the process is recorded; a supervisor that
 * is killed before leaves only end-of-file, and the program never runs. pid and start time survive exec.
 */
const GATE = 'read -r go <&3 || exit 125; exec "$@" 3<&-';

export interface SpawnedProcess {
  readonly pid: number;
  readonly exited: Promise<ProcessExit>;
}

/**
 * Starts a program in a process group of its own (Ctrl-C in a terminal reaches only the supervisor), its output appended to
 * `logFile`, and recorded before its first instruction.
 */
export async function spawnRecorded(spec: ProcessSpec, runDir: string, logFile: string): Promise<SpawnedProcess> {
  if (spec.readyFile !== undefined) rmSync(spec.readyFile, { force: true });
  const log = openSync(logFile, 'a', 0o600);
  let child: ChildProcess;
  try {
    child = spawn('/bin/sh', ['-c', GATE, spec.name, spec.command, ...spec.args], {
      detached: true,
      stdio: ['ignore', log, log, 'pipe'],
      env: { ...(spec.env ?? process.env), [RUN_DIR_VARIABLE]: runDir },
      ...(spec.cwd === undefined ? {} : { cwd: spec.cwd }),
      ...(spec.runAs !== undefined && process.getuid?.() === 0 ? { uid: spec.runAs.uid, gid: spec.runAs.gid } : {}),
    });
  } finally {
    closeSync(log);
  }
  const { pid } = child;
  const gate = child.stdio[3] as Writable | null;
  if (pid === undefined || gate === null) {
    const [error] = (await once(child, 'error')) as [Error];
    throw error;
  }
  const exited = watchExit(child, pid);
  // The shell may be gone before it reads (killed): its exit says so.
  gate.on('error', () => undefined);
  try {
    recordProcess(runDir, spec.name, pid, spec.stopSignal === undefined ? {} : { stopSignal: spec.stopSignal });
  } catch (error) {
    gate.destroy();
    await exited;
    throw error;
  }
  gate.end('go\n');
  return { pid, exited };
}

function watchExit(child: ChildProcess, pid: number): Promise<ProcessExit> {
  return new Promise((resolve) => {
    child.once('error', () => undefined);
    child.once('exit', (code, signal) => {
      // What the program left in its group goes with it. In this moment its pid cannot name another group yet.
      send(-pid, 'SIGKILL');
      resolve({ code, signal });
    });
  });
}
