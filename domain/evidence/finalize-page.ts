import { blocksOf, type Fact, type Page, type PageVerdict } from '../page/page';
import { type Plan, type Report } from '../receipts';
import { type RecordedDecision } from '../runbook';
import { callersProblems } from './callers';
import { greenBlocks, greenFacts } from './green-facts';
import { unexplained } from './unexplained';
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
    verdict: finalizeVerdict(receipts, plan, skipped),
    facts: [
      first ?? fact('bake', 'was not done', 'unknown'),
      ...more,
      jobsFact(plan, receipts),
      fact('way back', 'there is none; `reject` calls a person'),
    ],
    blocks: blocksOf(...greenBlocks(receipts), letPass(skipped)),
  };
}

function jobsFact({ jobs }: Plan, { purgeGuard }: GreenReceipts): Fact {
  if (jobs.length === 0) return fact('jobs', 'none');
  const label = 'jobs, paused';
  const again = 'it is looked at once more before they are resumed';
  if (purgeGuard === null)
    return fact(label, `${jobs.join(', ')}: what they would remove is not known; ${again}`, 'unknown');
  const would = purgeGuard.jobs.map(({ name, wouldRemove, explained }) =>
    wouldRemove === 0
      ? `${name} would remove nothing`
      : `${name} would remove ${wouldRemove}, ${explained} of them explained`,
  );
  return fact(label, `${would.join('; ')}; ${again}`, purgeGuard.ok ? undefined : 'bad');
}

export function letPass(skipped: readonly RecordedDecision[]) {
  return {
    kind: 'list',
    title: 'Let pass by a person',
    items: skipped.map(({ by, at, note }) => `${by} at ${at}: ${note ?? 'no reason given'}`),
  } as const;
}

function finalizeVerdict(
  { bake, drain, validation, switchovers, purgeGuard, stopBlue }: GreenReceipts,
  plan: Plan,
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
    ...unexplained(purgeGuard?.jobs ?? []).map((text) => `a job would remove more than revocations explain: ${text}`),
    ...(refused === 0 ? [] : [`${refused ?? 'an unknown number of'} writes met a guard`]),
  ];
  const unknown = [
    ...(bake === null ? ['there was no bake'] : []),
    ...(bake?.verdict === 'inconclusive' ? bake.problems.map((problem) => `the bake saw too little: ${problem}`) : []),
    ...(purgeGuard === null && plan.jobs.length > 0 ? ['what the jobs would remove is not known'] : []),
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
