import { type ProcessRecord, isRecordedProcessAlive, readRecords } from './process-record';

type Identity = Pick<ProcessRecord, 'pid' | 'startTime' | 'machine'>;

/**
 * Asks exactly this process to end; its children are its own to stop (a signal to the whole group would, for one, tell every
 * PostgreSQL postmaster below to wait for its clients).
 */
export function signalLeader(identity: Identity, signal: NodeJS.Signals): void {
  if (isRecordedProcessAlive(identity)) send(identity.pid, signal);
}

/** Ends this process and all of its process group, if it leads one. */
export function killGroup(identity: Identity): void {
  if (!isRecordedProcessAlive(identity)) return;
  if (!send(-identity.pid, 'SIGKILL')) send(identity.pid, 'SIGKILL');
}

/** Kills what runs under this name, whoever started it. */
export function killRecorded(runDir: string, name: string): void {
  for (const record of readRecords(runDir)) if (record.name === name) killGroup(record);
}

/** @returns whether somebody got the signal; a process that is gone or belongs to somebody else is no error */
export function send(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ESRCH' || code === 'EPERM') return false;
    throw error;
  }
}
