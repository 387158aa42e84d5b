import { blocksOf, type Page } from '../page/page';
import { type CaptureReceipt, type Plan, type RepairReceipt } from '../receipts';
import { PHASE_TEXTS, type PreparingPhase } from '../runbook';
import { cleanedBlock, copyFacts, migrationsBlock, type CopyReceipts } from './copy-facts';
import { phaseBars, type CutoverKnown } from './cutover-page';
import { countText, durationText, fact } from './words';

/** What is known while green is prepared. */
export type PreparingReceipts = CopyReceipts & {
  readonly capture: CaptureReceipt | null;
  readonly repair: RepairReceipt | null;
};

/** What a person must know to let the next phase begin: what it does, how it is taken back, and what came out of those before. */
export function proceedPage(
  plan: Plan,
  phase: PreparingPhase,
  receipts: PreparingReceipts,
  phases: CutoverKnown['phases'],
): Page {
  const step = plan.steps.find(({ phase: its }) => its === phase);
  const { capture, repair } = receipts;
  const took = phases.filter(({ name }) => name !== 'plan').at(-1);
  return {
    title: `${plan.environment}: may phase ${phase} begin?`,
    verdict: {
      state: 'good',
      text: `everything before ${phase} is done, blue serves, and all of it can be taken back.`,
      reasons: [],
    },
    facts: [
      fact('next', step?.what ?? PHASE_TEXTS[phase]),
      fact('its undo', step?.undo ?? 'none'),
      ...(step?.predictedMs == null ? [] : [fact('predicted to take', durationText(step.predictedMs))]),
      ...(took === undefined ? [] : [fact('done last', `${took.name}, in ${durationText(took.durationMs)}`)]),
      ...(capture === null
        ? []
        : [fact('capture', `${countText(capture.tables, 'table')}, a change was recorded in ${capture.canaryMs} ms`)]),
      ...(repair === null
        ? []
        : [
            fact(
              'repaired',
              countText(
                repair.fixups.reduce((sum, { rows }) => sum + rows, 0),
                'row',
              ),
            ),
          ]),
      ...copyFacts(receipts),
    ],
    blocks: blocksOf(
      { kind: 'bars', title: 'What each phase took, and was predicted to', unit: 's', bars: phaseBars(phases) },
      cleanedBlock(receipts),
      migrationsBlock(receipts),
    ),
  };
}
