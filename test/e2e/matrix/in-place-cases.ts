import { setTimeout as sleep } from 'node:timers/promises';
import { type InPlaceSteps } from '../../../domain/in-place/steps';
import { HeldActs } from './held-acts';
import { type RealCase } from './real-cases';
import { type RealRun } from './real-run';

const POLL_MS = 100;

/** What this world's config says: the matrix is about what happens between phases; `npm run demo -- --in-place` watches each share. */
export const QUICK_SHARES = { shares: [50, 100], judge: { durationMs: 6_000, pollMs: 1_000, requestsMin: 1 } };

/** A statement that was tried too often asks a person, who has it go on. */
async function reachedOrAsked(run: RealRun, acts: HeldActs): Promise<void> {
  while (!(await acts.isReached())) {
    const { awaiting } = (await run.upgrade.status()) ?? { awaiting: null };
    if (awaiting?.gate === 'intervene') await run.decide('intervene', 'retry');
    await sleep(POLL_MS);
  }
}

/**
 * Upgrades in place of one real world from Hydra 1.3.2, in this order: none but the last completes, and once statements have run the
 * next case goes on behind them.
 */
export const IN_PLACE_CASES: readonly RealCase[] = (
  [
    { title: 'rejected at its gate plan', ends: 'undone', play: (run) => run.decide('plan', 'reject') },
    {
      title: 'cancelled in layer',
      ends: 'cancelled',
      play: async (run) => {
        await run.decide('plan');
        await run.reaches('layer');
        await run.cancel();
      },
    },
    {
      title: 'killed and cancelled in layer',
      ends: 'cancelled',
      play: async (run) => {
        await run.decide('plan');
        await run.reaches('layer');
        await run.kill();
        await run.cancel();
      },
    },
    {
      title: 'cancelled in online, with the first statement done and not noted',
      ends: 'cancelled',
      layerStays: true,
      play: async (run) => {
        await run.decide('plan');
        const acts = await HeldActs.hold(run.upgrade);
        await acts.reached();
        await run.cancel();
        await run.until('the end of the statement', ({ undoing, report }) => undoing || report !== null);
        await acts.release();
      },
    },
    {
      title:
        'killed at a statement of each kind, between what it did and the note of it, then cancelled in bookkeeping',
      ends: 'cancelled',
      layerStays: true,
      play: async (run) => {
        await run.decide('plan');
        let acts: HeldActs | undefined = await HeldActs.hold(run.upgrade);
        while (acts !== undefined) {
          await reachedOrAsked(run, acts);
          await run.kill();
          acts = await acts.next();
        }
        await run.reaches('bookkeeping');
        await run.cancel();
      },
    },
    {
      title: 'the new version does not start until a person mends it, is killed there, then cancelled in beside',
      ends: 'cancelled',
      layerStays: true,
      play: async (run) => {
        await run.breakCommand('inPlace.startBeside');
        await run.decide('plan');
        await run.until('gate intervene', ({ awaiting }) => awaiting?.gate === 'intervene');
        await run.mend();
        await run.decide('intervene', 'retry');
        await run.kill();
        await run.cancel();
      },
    },
    {
      title: 'killed and cancelled in shares',
      ends: 'cancelled',
      layerStays: true,
      play: async (run) => {
        await run.decide('plan');
        await run.reaches('shares');
        await run.kill();
        await run.until('the first share', ({ report, phase }) => report !== null || phase === 'shares');
        await run.cancel();
      },
    },
    {
      title: 'rejected at its gate finalize, and killed in every undo',
      ends: 'undone',
      layerStays: true,
      play: async (run) => {
        await run.decide('plan');
        await run.decide('finalize', 'reject');
        for (const phase of ['shares', 'beside', 'layer'] as const) {
          await run.undoes(phase);
          await run.kill();
        }
      },
    },
    {
      title: 'the old version does not stop, and a person gives up',
      ends: 'undone',
      layerStays: true,
      play: async (run) => {
        await run.breakCommand('inPlace.stopOld');
        await run.decide('plan');
        await run.decide('finalize');
        await run.decide('intervene', 'give_up');
      },
    },
    {
      title:
        'killed in every phase behind gate finalize, and the new version cannot be started anew until a person mends it',
      ends: 'completed',
      play: async (run) => {
        await run.breakCommand('inPlace.encrypt');
        await run.decide('plan');
        await run.decide('finalize');
        for (const phase of ['stopOld', 'removeLayer'] as const) {
          await run.reaches(phase);
          await run.kill();
        }
        await run.until('gate intervene', ({ awaiting }) => awaiting?.gate === 'intervene');
        await run.mend();
        await run.decide('intervene', 'retry');
      },
    },
  ] satisfies RealCase[]
).map((one: RealCase) => ({ ...one, title: `in place, ${one.title}`, inPlace: true }));

/** In which real case each step meets a failure: a step without one does not compile. */
export const IN_PLACE_STRUCK: Readonly<Record<keyof InPlaceSteps, string>> = {
  planInPlace: 'rejected at its gate plan',
  layLayer: 'killed and cancelled in layer',
  takeLayerBack: 'killed in every undo',
  migrateOnline: 'killed at a statement of each kind',
  bookMigrations: 'cancelled in bookkeeping',
  startBeside: 'the new version does not start until a person mends it',
  stopBeside: 'killed in every undo',
  shiftTraffic: 'killed in every undo',
  judgeShare: 'killed and cancelled in shares',
  stopOld: 'the old version does not stop',
  startOld: 'the old version does not stop',
  removeLayer: 'killed in every phase behind gate finalize',
  encryptAtRest: 'cannot be started anew until a person mends it',
};
