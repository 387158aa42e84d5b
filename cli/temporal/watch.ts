import { setTimeout as sleep } from 'node:timers/promises';
import { FAULTS } from '../../domain/faults';
import { type CliContext } from '../context';
import { type CutoverSession } from './cutover-session';
import { type EnvironmentOptions } from './environment-options';
import { exitCodeOf } from './exit-code';
import { look, type Look } from './look';
import { renderStatus } from './render-status';

const POLL_MS = 1_000;

/** @returns what `status` ends with: 0 while all goes on, else that of the outcome or of what is needed */
export function exitCodeOfLook({ temporal, status, report, awaiting }: Look): number {
  if (report !== null) return exitCodeOf(report);
  if (awaiting === 'intervene') return FAULTS.PERSON_NEEDED.exitCode;
  // Ended by force: nothing was undone, and nobody wrote a report.
  if (temporal === 'TERMINATED' || temporal === 'TIMED_OUT') return FAULTS.UNDO_INCOMPLETE.exitCode;
  return status === null ? FAULTS.NO_WORKER.exitCode : 0;
}

/** Where pictures of a cutover go. */
export interface Teller {
  /** The file that was named on the command line. */
  readonly config: string | undefined;
  readonly tell: (text: string) => void;
}

/**
 * Follows a cutover to its end, telling what changed.
 *
 * @param stopAtIntervene also ends when a person is needed that no plan foresaw
 */
export async function watch(
  session: CutoverSession,
  { config, tell }: Teller,
  stopAtIntervene: boolean,
): Promise<Look> {
  for (let shown = ''; ;) {
    const now = await look(session);
    const text = renderStatus(now, config);
    if (text !== shown) tell(shown === '' ? text : changes(shown, text));
    shown = text;
    if (now.temporal !== 'RUNNING') return now;
    if (stopAtIntervene && now.awaiting === 'intervene') return now;
    await sleep(POLL_MS);
  }
}

/** Lines that were not there before; a terminal's scrollback stays readable and a log stays short. */
function changes(before: string, after: string): string {
  const known = new Set(before.split('\n'));
  return after
    .split('\n')
    .filter((line) => line !== '' && !known.has(line))
    .map((line) => `${line}\n`)
    .join('');
}

export function teller(context: CliContext, { json, config }: EnvironmentOptions): Teller {
  // With --json stdout holds one object, the last picture.
  return { config, tell: (text) => void (json ? context.stderr : context.stdout).write(text) };
}
