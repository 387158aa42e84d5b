import { setTimeout as sleep } from 'node:timers/promises';
import { type StepInput } from '../../domain/steps';
import { RangeQueue, readWalks } from '../../hydra/parity';
import { type Brake } from '../brake';
import { type StepDeps } from '../step';
import { proveRanges, withLanes, withProgress } from './prove-ranges';
import { pathOfRun } from '../support/of-side';

/** Part of its time that the comparison works; the rest it leaves both databases to others. */
const SHARE = 0.25;
/** After a session was lost, or a row of the left side could not be read. */
const AFTER_ERROR_MS = 30_000;
const PASS_EVERY_MS = 60_000;

/**
 * Compares the entered side with the left one over and over, a range at a time and in no hurry, until `signal` is aborted; the oldest proof first. What differs
 * is kept on the entered side for whoever syncs to look at again. Never rejects: what keeps it from comparing shows in the age of the proof.
 */
export async function proveBeside(deps: StepDeps, input: StepInput, brake: Brake, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      await proveOnce(deps, input, brake, signal);
      await sleep(PASS_EVERY_MS, undefined, { signal });
    } catch (error) {
      if (signal.aborted) return;
      deps.log.warn(
        { reason: error instanceof Error ? error.name : 'unknown' },
        'the comparison beside the sync was interrupted',
      );
      await sleep(AFTER_ERROR_MS, undefined, { signal }).catch(() => undefined);
    }
  }
}

/** One pass through everything. */
function proveOnce(deps: StepDeps, input: StepInput, brake: Brake, signal: AbortSignal): Promise<void> {
  return withProgress(deps, input, signal, async (progress) => {
    const queue = new RangeQueue(progress, await readWalks(pathOfRun(deps), progress));
    await withLanes(deps, 1, { signal, purpose: 'parity' }, (lanes) => {
      let since = performance.now();
      return proveRanges(lanes, queue, {
        signal,
        before: async () => {
          await brake.pass(signal);
          since = performance.now();
        },
        onRange: ({ from }) => {
          brake.took(from.rows);
          return sleep((performance.now() - since) * (1 / SHARE - 1), undefined, { signal });
        },
      });
    });
  });
}
