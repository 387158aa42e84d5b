import { blocksOf, type Page, type PageVerdict } from '../page/page';
import { type Plan, type Report } from '../receipts';
import { type RecordedDecision } from '../runbook';
import { callersProblems } from './callers';
import { greenBlocks, greenFacts } from './green-facts';
import { countText, fact } from './words';

export type GreenReceipts = Pick<
  Report,
  'bake' | 'drain' | 'validation' | 'switchovers' | 'metrics' | 'purgeGuard' | 'stopBlue'
>;

/** What a person must know to accept green: how it did since it serves, and what was let pass. */
export function finalizePage(receipts: GreenReceipts, plan: Plan, decisions: readonly RecordedDecision[]): Page {
  const [first, ...more] = greenFacts(receipts);
  const skipped = decisions.filter(({ decision }) => decision === 'skip');
  return {
    title: `Finalize ${plan.environment}: is green accepted?`,
    verdict: finalizeVerdict(receipts, skipped),
    facts: [
      first ?? fact('bake', 'was not done', 'unknown'),
      ...more,
      fact(
        'jobs',
        plan.jobs.length === 0
          ? 'none'
          : `paused: ${plan.jobs.join(', ')}; what each would remove is looked at before it is resumed`,
      ),
      fact('way back', 'there is none; `reject` calls a person'),
    ],
    blocks: blocksOf(...greenBlocks(receipts), letPass(skipped)),
  };
}

export function letPass(skipped: readonly RecordedDecision[]) {
  return {
    kind: 'list',
    title: 'Let pass by a person',
    items: skipped.map(({ by, at, note }) => `${by} at ${at}: ${note ?? 'no reason given'}`),
  } as const;
}

function finalizeVerdict(
  { bake, drain, validation, switchovers, stopBlue }: GreenReceipts,
  skipped: readonly RecordedDecision[],
): PageVerdict {
  const committed = switchovers.find(({ outcome }) => outcome === 'committed');
  const refused = committed?.outcome === 'committed' ? committed.refused : 0;
  const failed = validation?.checks.filter(({ ok }) => !ok).length ?? 0;
  const wrong = [
    ...(stopBlue === undefined ? [] : callersProblems(stopBlue.callers)),
    ...(bake?.verdict === 'bad' ? bake.problems.map((problem) => `the bake is bad: ${problem}`) : []),
    ...(drain !== null && drain.missing > 0 ? [`${countText(drain.missing, 'revocation')} missing on green`] : []),
    ...(drain !== null && drain.undoneChanges > 0 ? [`${countText(drain.undoneChanges, 'change')} not carried`] : []),
    ...(failed > 0 ? [`${countText(failed, 'check')} of green's answers did not pass`] : []),
    ...(refused === 0 ? [] : [`${refused ?? 'an unknown number of'} writes met a guard`]),
  ];
  const unknown = [
    ...(bake === null ? ['there was no bake'] : []),
    ...(bake?.verdict === 'inconclusive' ? bake.problems.map((problem) => `the bake saw too little: ${problem}`) : []),
    ...(drain === null ? ['the revocations of blue are not proven'] : []),
    ...(validation === null ? ["green's answers were not asked"] : []),
    ...(validation !== null && (validation.canaryUser?.state ?? 'inconclusive') === 'inconclusive'
      ? [`that users stay logged in is not shown: ${validation.canaryUser?.why ?? 'it was not looked at'}`]
      : []),
    ...(skipped.length > 0 ? [`${countText(skipped.length, 'question')} let pass by a person`] : []),
  ];
  const reasons = [...wrong, ...unknown];
  if (wrong.length > 0) return { state: 'bad', text: 'green serves, and not all is as it must be.', reasons };
  return unknown.length > 0
    ? { state: 'unknown', text: 'green serves, and too little is known to call it well.', reasons }
    : { state: 'good', text: 'green serves, and does as well as blue did.', reasons };
}
