import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { isSameProcessAlive, processStartTime } from '../../scripts/lib/process-identity';
import { CutoverFault } from '../../domain/faults';
import { type Machine, thisMachine } from './machine';

const machineSchema = z.object({ bootId: z.string(), pidNamespace: z.string() });

const recordSchema = z.object({
  name: z.string(),
  pid: z.number().int().positive(),
  startTime: z.string(),
  machine: machineSchema,
  stopSignal: z.string().optional(),
  recordedAt: z.string(),
});

/** One process of a world, known so that it can be ended by a program that did not start it. */
export interface ProcessRecord {
  readonly name: string;
  readonly pid: number;
  readonly startTime: string;
  readonly machine: Machine;
  readonly stopSignal: NodeJS.Signals;
  readonly recordedAt: string;
}

export interface RecordOptions {
  /** What asks this process to end. @default SIGTERM */
  readonly stopSignal?: NodeJS.Signals;
}

const NAME = /^[a-z0-9][a-z0-9._-]*$/i;

/**
 * Writes down that `pid` belongs to the world in `runDir`, so that the reaper and the next start end it whatever happens to
 * the program that started it. Synchronous on purpose: call it right after spawn, before anything else can happen.
 *
 * Idempotent; a second call under the same name replaces the first. Does nothing when the process is gone already.
 */
export function recordProcess(runDir: string, name: string, pid: number, options: RecordOptions = {}): void {
  if (!NAME.test(name)) {
    throw new CutoverFault(
      'INTERNAL',
      `process name "${name}" cannot be a file name; use letters, digits, ".", "_", "-"`,
    );
  }
  const startTime = processStartTime(pid);
  if (startTime === undefined) return;
  const record: ProcessRecord = {
    name,
    pid,
    startTime,
    machine: thisMachine(),
    stopSignal: options.stopSignal ?? 'SIGTERM',
    recordedAt: new Date().toISOString(),
  };
  mkdirSync(recordsDir(runDir), { recursive: true });
  writeAtomically(recordFile(runDir, name), record);
}

/** Forgets a process that has ended. Idempotent. */
export function forgetProcess(runDir: string, name: string): void {
  rmSync(recordFile(runDir, name), { force: true });
}

/**
 * Says that somebody other than the supervisor is about to end this process on purpose, so that its end is no death of the
 * world. Forgotten with the next start under the same name.
 */
export function announceEnd(runDir: string, name: string): void {
  writeAtomically(announcementFile(runDir, name), {});
}

/** @returns whether the end was announced, which it is then no longer */
export function takeAnnouncement(runDir: string, name: string): boolean {
  const file = announcementFile(runDir, name);
  const announced = existsSync(file);
  rmSync(file, { force: true });
  return announced;
}

/** @returns every readable record, the latest first: the order in which to stop */
export function readRecords(runDir: string): ProcessRecord[] {
  let files: string[];
  try {
    files = readdirSync(recordsDir(runDir));
  } catch {
    return [];
  }
  return files
    .filter((file) => file.endsWith('.json'))
    .flatMap((file) => {
      const parsed = recordSchema.safeParse(readJson(join(recordsDir(runDir), file)));
      if (!parsed.success) return [];
      return [{ ...parsed.data, stopSignal: (parsed.data.stopSignal ?? 'SIGTERM') as NodeJS.Signals }];
    })
    .sort((a, b) => (a.recordedAt < b.recordedAt ? 1 : -1));
}

/** Whether exactly the recorded process still runs. A record of another boot or pid namespace names nothing here. */
export function isRecordedProcessAlive(record: Pick<ProcessRecord, 'pid' | 'startTime' | 'machine'>): boolean {
  const here = thisMachine();
  const sameMachine = record.machine.bootId === here.bootId && record.machine.pidNamespace === here.pidNamespace;
  return sameMachine && isSameProcessAlive(record);
}

/** Whether a process that is recorded under this name still runs, whoever started it. */
export function isRecordedAlive(runDir: string, name: string): boolean {
  return readRecords(runDir).some((record) => record.name === name && isRecordedProcessAlive(record));
}

/** The file appears with its whole content or not at all. */
export function writeAtomically(file: string, value: unknown): void {
  const draft = `${file}.${process.pid}.draft`;
  try {
    writeFileSync(draft, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 });
    renameSync(draft, file);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}

/** @returns undefined for a file that is missing, unreadable or not JSON */
export function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as unknown;
  } catch {
    return undefined;
  }
}

function recordsDir(runDir: string): string {
  return join(runDir, 'processes');
}

function announcementFile(runDir: string, name: string): string {
  return join(recordsDir(runDir), `${name}.end-announced`);
}

function recordFile(runDir: string, name: string): string {
  return join(recordsDir(runDir), `${name}.json`);
}
