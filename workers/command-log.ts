import { type StepLog } from '../activities/step';

/** So much of the output of one command's runs is logged, by this worker: enough for some migrations, too little to fill a disk. */
const CHARS_MAX = 16 * 1024 * 1024;

/** @returns what logs each line that a command of the operator prints, in full, because faults tell only the cause */
export function commandLog(log: StepLog): (command: string, line: string) => void {
  const left = new Map<string, number>();
  return (command, line) => {
    const before = left.get(command) ?? CHARS_MAX;
    if (before <= 0) return;
    left.set(command, before - line.length);
    log.info({ command, line }, 'command said');
    if (before <= line.length)
      log.warn({ command, charsMax: CHARS_MAX }, 'command said so much that no more is logged');
  };
}
