import { setTimeout as sleep } from 'node:timers/promises';
import { FAULTS } from '../../domain/faults';
import { widthOf, type CliContext } from '../context';
import { type CutoverSession } from './cutover-session';
import { type EnvironmentOptions } from './environment-options';
import { exitCodeOf } from './exit-code';
import { isEndedByForce, look, type Look } from './look';
import { renderStatus } from './render-status';

const POLL_MS = 1_000;

/** @returns what `status` ends with: 0 while all goes on, else that of the outcome or of what is needed */
export function exitCodeOfLook({ temporal, status, report, awaiting }: Look): number {
  if (report !== null) return exitCodeOf(report);
  if (awaiting === 'intervene') return FAULTS.PERSON_NEEDED.exitCode;
  if (isEndedByForce(temporal)) return FAULTS.UNDO_INCOMPLETE.exitCode;
  return status === null ? FAULTS.NO_WORKER.exitCode : 0;
}

/** Where pictures of a cutover go. */
export interface Teller {
  /** The file that was named on the command line. */
  readonly config: string | undefined;
  /** In characters. */
  readonly width: number;
  readonly tell: (text: string) => void;
  /** False once nobody reads any more (`status --watch | head -1`). */
  readonly isHeard: () => boolean;
}

/**
 * Follows a cutover to its end, telling what changed.
 *
 * @param stopAtIntervene also ends when a person is needed that no plan foresaw
 */
export async function watch(
  session: CutoverSession,
  { config, width, tell, isHeard }: Teller,
  stopAtIntervene: boolean,
): Promise<Look> {
  for (let shown = ''; ;) {
    const now = await look(session);
    const text = renderStatus(now, config, width);
    if (text !== shown) tell(shown === '' ? text : changes(shown, text));
    shown = text;
    if (now.temporal !== 'RUNNING') return now;
    if (stopAtIntervene && now.awaiting === 'intervene') return now;
    // Who waits for an end waits for its exit code, too; who only looks has gone.
    if (!stopAtIntervene && !isHeard()) return now;
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
  const stream = json ? context.stderr : context.stdout;
  let heard = true;
  // A stream of the process stays writable after that.
  stream.once('error', () => (heard = false));
  return { config, width: widthOf(stream), tell: (text) => void stream.write(text), isHeard: () => heard };
}
