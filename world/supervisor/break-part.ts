import { setTimeout as sleep } from 'node:timers/promises';
import { CutoverFault } from '../../domain/faults';
import { clearBroken, isBroken, markBroken, type PartsBoard, type PartState, readBoard } from './parts-board';
import { killRecorded } from './signal-process';

const POLL_MS = 50;
/** Longer than the slowest part of a world takes to start on a busy machine. */
const WAIT_MS = 90_000;

/**
 * Kills a part of a world that runs elsewhere and keeps it away until it is mended. Idempotent.
 *
 * @returns whether anything was to be done
 * @throws CutoverFault USAGE (no such part) | CHECK_FAILED (no world is up there) | PROCESS_NOT_READY (the world takes no notice)
 */
export async function breakPart(runDir: string, name: string): Promise<boolean> {
  const isAway = stateOf(runDir, name) === 'away';
  markBroken(runDir, name);
  await until(runDir, name, (state) => {
    killRecorded(runDir, name);
    return state === 'away';
  });
  return !isAway;
}

/**
 * Starts a part that was broken, did not stay up or was stopped. Idempotent. Returns when it runs.
 *
 * @returns whether anything was to be done
 * @throws CutoverFault USAGE | CHECK_FAILED | PROCESS_NOT_READY (it does not start either; the world's output says why)
 */
export async function mendPart(runDir: string, name: string): Promise<boolean> {
  const before = stateOf(runDir, name);
  if (before === 'runs' && !isBroken(runDir, name)) return false;
  if (before === 'stopped') await breakPart(runDir, name);
  clearBroken(runDir, name);
  // What does not stay up is marked as broken anew.
  await until(runDir, name, (state) => state === 'runs' || (state === 'away' && isBroken(runDir, name)));
  if (isBroken(runDir, name)) throw takesNoNotice(name, `${name} does not stay up; the world's output says why`);
  return true;
}

async function until(runDir: string, name: string, isDone: (state: PartState) => boolean): Promise<void> {
  const giveUpAt = Date.now() + WAIT_MS;
  while (!isDone(stateOf(runDir, name))) {
    if (Date.now() > giveUpAt) throw takesNoNotice(name, `the world did nothing about ${name} within ${WAIT_MS} ms`);
    await sleep(POLL_MS);
  }
}

function takesNoNotice(name: string, message: string): CutoverFault {
  return new CutoverFault('PROCESS_NOT_READY', message, { process: name });
}

function stateOf(runDir: string, name: string): PartState {
  const board: PartsBoard | undefined = readBoard(runDir);
  if (board === undefined) throw new CutoverFault('CHECK_FAILED', `no world is up in ${runDir}`, { runDir });
  const state = board[name];
  if (state !== undefined) return state;
  throw new CutoverFault('USAGE', `this world has no part "${name}"; it has ${Object.keys(board).join(', ')}`);
}
