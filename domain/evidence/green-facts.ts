import { type Block, type Fact } from '../page/page';
import { type HydraMetrics } from '../ports/hydra-api';
import { type AroundFenceReceipt, type Report } from '../receipts';
import { callersFacts } from './callers';
import { canaryOnGreen } from './canary-facts';
import { aboutText, fact, megabytes } from './words';

type Receipts = Pick<Report, 'bake' | 'drain' | 'validation' | 'switchovers' | 'metrics' | 'purgeGuard' | 'stopBlue'>;

/** How green did since the commit: whatever of it is known. */
export function greenFacts({ bake, drain, validation, switchovers, metrics, stopBlue }: Receipts): readonly Fact[] {
  return [
    bake === null ? fact('bake', 'was not done', 'unknown') : bakeFact(bake),
    drain === null
      ? fact('revocations of blue', 'not proven', 'unknown')
      : fact(
          'revocations of blue',
          `${drain.captured} captured, ${drain.applied} proven on green, ${drain.missing} missing, ${drain.undoneChanges} changes not carried`,
          drain.missing + drain.undoneChanges > 0 ? 'bad' : undefined,
        ),
    validation === null ? fact("green's answers", 'not asked', 'unknown') : validationFact(validation),
    canaryOnGreen(validation?.canaryUser),
    ...switchoverFacts(switchovers),
    ...callersFacts('callers of blue after the flip', stopBlue?.callers),
    fact('Hydra, blue before and green after', `${load(metrics.before?.blue)}; ${load(metrics.after?.green)}`),
  ];
}

/** What stands behind those facts, item by item. */
export function greenBlocks({ bake, drain, validation, switchovers, metrics, purgeGuard }: Receipts): readonly Block[] {
  const committed = switchovers.find(({ outcome }) => outcome === 'committed');
  return [
    { kind: 'list', title: 'Seen in the bake', items: bake?.problems ?? [] },
    {
      kind: 'list',
      title: 'Checks that did not pass',
      items: (validation?.checks ?? []).flatMap(({ name, ok, observed }) => (ok ? [] : [`${name}: ${observed}`])),
    },
    {
      kind: 'list',
      title: 'Not carried',
      items: (drain?.notCarried ?? []).map(({ what, count, why }) => `${count} ${what} (${why})`),
    },
    {
      kind: 'table',
      title: 'What each job would remove',
      head: ['job', 'would remove', 'explained', 'unnamed', 'intact', 'hidden'],
      rows: (purgeGuard?.jobs ?? []).map(({ name, wouldRemove, explained, unnamed, intact, hidden }) => [
        name,
        ...[wouldRemove, explained, unnamed, intact, hidden].map(String),
      ]),
    },
    beforeAndAfterBlock(metrics.before?.blue, metrics.after?.green),
    pauseBlock(committed?.stepsMs ?? {}),
  ];
}

export function pauseBlock(stepsMs: Readonly<Record<string, number>>): Block {
  return {
    kind: 'bars',
    title: 'The pause, step by step',
    unit: 'ms',
    bars: Object.entries(stepsMs).map(([label, value]) => ({ label, value })),
  };
}

/** What each of two Hydras took; nothing where neither was asked. */
export function beforeAndAfterBlock(
  blue: HydraMetrics | null | undefined,
  green: HydraMetrics | null | undefined,
): Block {
  const row = (what: string, read: (load: HydraMetrics) => string) => [
    what,
    blue == null ? 'unknown' : read(blue),
    green == null ? 'unknown' : read(green),
  ];
  return {
    kind: 'table',
    title: 'Hydra before and after',
    head: ['what', 'blue before', 'green after'],
    rows:
      blue == null && green == null
        ? []
        : [
            row('p95', ({ p95Ms }) => (p95Ms === null ? 'unknown' : `${Math.round(p95Ms)} ms`)),
            row('resident', ({ residentBytes }) => megabytes(residentBytes)),
            row('heap', ({ heapBytes }) => megabytes(heapBytes)),
            row('goroutines', ({ goroutines }) => String(goroutines)),
            row('CPU since its start', ({ cpuSeconds }) => `${cpuSeconds.toFixed(1)} s`),
            row('requests since its start', ({ requests }) => String(requests)),
            row('answered 5xx', ({ serverErrors }) => String(serverErrors)),
          ],
  };
}

function bakeFact({ verdict, durationMs, requests, errorRate, p95Ms }: NonNullable<Report['bake']>): Fact {
  const p95 = p95Ms === null ? '' : `, p95 ${Math.round(p95Ms)} ms`;
  const text = `${verdict}: ${requests} requests in ${aboutText(durationMs)}, ${(errorRate * 100).toFixed(3)} % answered 5xx${p95}`;
  return fact('bake', text, verdict === 'clean' ? 'good' : verdict === 'bad' ? 'bad' : 'unknown');
}

function validationFact({ ok, checks }: NonNullable<Report['validation']>): Fact {
  const passed = checks.filter((check) => check.ok).length;
  return fact("green's answers", `${passed} of ${checks.length} checks passed`, ok ? undefined : 'bad');
}

function switchoverFacts(switchovers: Report['switchovers']): readonly Fact[] {
  const committed = switchovers.find(({ outcome }) => outcome === 'committed');
  if (committed?.outcome !== 'committed') return [];
  const { holdMs, refused, targets, epoch, aroundFence } = committed;
  return [
    fact('requests were held', `${Math.round(holdMs)} ms`),
    refused === 0
      ? fact('writes that a guard refused', 'none')
      : fact(
          'writes that a guard refused',
          `${refused ?? 'an unknown number'}: "nothing lost" cannot be claimed`,
          'bad',
        ),
    ...(aroundFence === undefined ? [] : [aroundFenceFact(aroundFence)]),
    fact('dependents on green', `${targets.map(({ name }) => name).join(', ') || 'none'}, under epoch ${epoch}`),
  ];
}

function aroundFenceFact({ problems, tables, rows, durationMs, openedBy }: AroundFenceReceipt): Fact {
  const label = "around blue's fence";
  const found = problems.join('; ') || 'writes that blue refused, or may have refused';
  return openedBy === null
    ? fact(
        label,
        `${found}: ${tables.length} tables carried and compared in ${Math.round(durationMs)} ms, which changed ${rows} rows of green`,
      )
    : fact(
        label,
        `${found}: green was opened without the proof by ${openedBy}; "nothing lost" cannot be claimed`,
        'bad',
      );
}

function load(seen: HydraMetrics | null | undefined): string {
  if (seen == null) return 'unknown';
  const { p95Ms, residentBytes } = seen;
  return `p95 ${p95Ms === null ? 'unknown' : `${Math.round(p95Ms)} ms`}, ${megabytes(residentBytes)} resident`;
}
