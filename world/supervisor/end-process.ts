import { setTimeout as sleep } from 'node:timers/promises';
import { announceEnd, forgetProcess, isRecordedProcessAlive, readRecords } from './process-record';
import { readBoard } from './parts-board';
import { killGroup, signalLeader } from './signal-process';

const POLL_MS = 25;

/**
 * Ends one recorded process on purpose, from whatever process of the machine, and waits until it is gone; after `graceMs` it
 * is killed. Idempotent.
 */
export async function endProcess(runDir: string, name: string, graceMs: number): Promise<void> {
  const record = readRecords(runDir).find((candidate) => candidate.name === name);
  if (record === undefined || !isRecordedProcessAlive(record)) {
    // It died, and whoever keeps the world up is about to start it again.
    if (readBoard(runDir)?.[name] === 'starts') announceEnd(runDir, name);
    return;
  }
  announceEnd(runDir, name);
  signalLeader(record, record.stopSignal);
  const killAt = Date.now() + graceMs;
  while (isRecordedProcessAlive(record)) {
    if (Date.now() > killAt) killGroup(record);
    await sleep(POLL_MS);
  }
  forgetProcess(runDir, name);
}
