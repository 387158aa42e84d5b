import { setTimeout as sleep } from 'node:timers/promises';
import { CutoverFault } from '../../domain/faults';
import { describeLog } from './log-tail';
import { type ProcessExit, type ProcessSpec, describeExit } from './process-spec';

const POLL_MS = 50;

/**
 * @throws CutoverFault PROCESS_DIED as soon as the process ends | PROCESS_NOT_READY at the deadline; both with its last log
 * lines
 */
export async function waitUntilReady(spec: ProcessSpec, logFile: string, exited: Promise<ProcessExit>): Promise<void> {
  const stop = new AbortController();
  const deadline = sleep(spec.readyTimeoutMs, 'deadline' as const, { signal: stop.signal }).catch(
    () => 'deadline' as const,
  );
  const state: { end?: ProcessExit | 'deadline'; lastError?: unknown } = {};
  const ended = Promise.race([exited, deadline]).then((end) => {
    state.end = end;
  });
  try {
    while (state.end === undefined) {
      const ready = await Promise.race([askReady(spec, state), ended]);
      // A program that answers and ends at once is not ready: the port may be another's.
      if (ready === true && state.end === undefined) return;
      await Promise.race([sleep(POLL_MS, undefined, { signal: stop.signal }).catch(() => undefined), ended]);
    }
    throw state.end === 'deadline' ? notReady(spec, logFile, state.lastError) : diedEarly(spec, logFile, state.end);
  } finally {
    stop.abort();
  }
}

async function askReady(spec: ProcessSpec, state: { lastError?: unknown }): Promise<boolean> {
  try {
    return await spec.ready();
  } catch (error) {
    state.lastError = error;
    return false;
  }
}

function diedEarly(spec: ProcessSpec, logFile: string, exit: ProcessExit): CutoverFault {
  return new CutoverFault(
    'PROCESS_DIED',
    `${spec.name} ended with ${describeExit(exit)} before it was ready; ${describeLog(logFile)}`,
    { process: spec.name, logFile, exit: describeExit(exit) },
  );
}

function notReady(spec: ProcessSpec, logFile: string, lastError: unknown): CutoverFault {
  const hint = lastError instanceof Error ? ` (last attempt: ${lastError.message})` : '';
  return new CutoverFault(
    'PROCESS_NOT_READY',
    `${spec.name} was not ready after ${spec.readyTimeoutMs} ms${hint}; ${describeLog(logFile)}`,
    { process: spec.name, logFile, readyTimeoutMs: spec.readyTimeoutMs },
    lastError,
  );
}
