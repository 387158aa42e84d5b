import { beginOpening, type OpenAnswer } from '../../hydra/arbiter/arbiter';
import { type Attempt } from './attempt';
import { within } from './within';

/** A worker that is silent for so long is dead, whatever its connection looks like: its lock must not keep its successor out. */
const SILENT_MS = 6_000;

/**
 * Opens the entered side in a transaction that is not committed: from here until it is, writers there wait and do not fail. Nobody sees it,
 * so that it may begin before the left side has said whether the attempt is committed.
 */
export function beginToOpen(run: Attempt): void {
  if (run.opening !== null) return;
  run.opening = opened(run);
  // Whoever needs it waits for it.
  run.opening.catch(() => undefined);
}

/** An answer that is older says nothing about now: the server ends a transaction whose client is silent, and its writers fail then. */
const RECENT_MS = 1_000;

/** Until {@link beginToOpen} has its answer. The commit and the look at the left side come in between, and may take long. */
export async function untilWritersAreHeld(run: Attempt): Promise<void> {
  beginToOpen(run);
  try {
    await run.opening;
    if (performance.now() - run.openingAnsweredAt < RECENT_MS) return;
    const { enteredMs } = run.tools.patience;
    const asked = run.sessions.entered.query('SELECT 1');
    await within(enteredMs, `holding the writers of ${run.enteredSide}`, 'DB_UNREACHABLE', asked);
  } catch (error) {
    run.opening = null;
    throw error;
  }
}

/** Of an attempt that was not committed. */
export function giveOpeningUp(run: Attempt): void {
  const { opening, sessions } = run;
  run.opening = null;
  const back = () => sessions.entered.query('ROLLBACK');
  // Nobody waits for it: the session ends with the attempt in any case.
  opening?.then(back, back).catch(() => undefined);
}

async function opened(run: Attempt): Promise<OpenAnswer> {
  // Once it has failed, it is asked first whether it answers at all.
  const entered = run.isEnteredDoubtful ? await run.sessions.answeringEntered() : run.sessions.entered;
  run.isEnteredDoubtful = true;
  const asked = beginOpening(entered, run.theEpoch, run.settings.lockTimeoutMs, SILENT_MS);
  const what = `holding the writers of ${run.enteredSide}`;
  const answer = await within(run.tools.patience.enteredMs, what, 'DB_UNREACHABLE', asked);
  run.openingAnsweredAt = performance.now();
  return answer;
}
