import { blocksOf, type Bar, type ChartPoint, type Fact, type Page, type PageVerdict } from '../page/page';
import { type CutoverEvidence, type ParityReceipt, type Plan, type ProofReceipt, type SyncReceipt } from '../receipts';
import { type GateSettings } from '../settings';
import { answersFact, findingText } from './answers';
import { callersFacts } from './callers';
import { gatewaysBlock } from './gateways-block';
import { canaryAtGate, canaryDoubts } from './canary-facts';
import { aboutText, countText, durationText, fact, megabytes } from './words';

/** What else is known when gate `cutover` is asked. */
export interface CutoverKnown {
  /** The comparison of all rows, which is older than the evidence. */
  readonly parity: ParityReceipt | null;
  readonly sync: SyncReceipt | null;
  /** What each phase took, and what was predicted. */
  readonly phases: readonly { readonly name: string; readonly durationMs: number; readonly predictedMs?: number }[];
  /** How far green was behind, each time that it was asked. */
  readonly backlog: readonly ChartPoint[];
}

/** What a person must know to let writes move. */
export function cutoverPage(evidence: CutoverEvidence, plan: Plan, known: CutoverKnown): Page {
  const problems = [...evidence.problems, ...tooFast(evidence, known.sync)];
  return {
    title: `Cutover of ${plan.environment}: may the writes move to green?`,
    verdict: cutoverVerdict(evidence, known, problems),
    facts: [
      fact('gathered at', `${evidence.gatheredAt}; again ${againText(evidence, known, plan)} while this is open`),
      ...parityFacts(evidence, known.parity),
      evidence.backlog === 0
        ? fact('changes not carried yet', '0')
        : fact('changes not carried yet', `${evidence.backlog}; the last round carries them`),
      ...changeFacts(evidence, known.sync),
      measured('last sync round', evidence.lastRoundMs),
      measured('canary, blue to green', evidence.canaryMs),
      answersFact("Hydra's answers, green closed", evidence.answers),
      canaryAtGate(evidence.canaryUser),
      ...(evidence.shadow === undefined
        ? [fact("green's answers beside blue's", 'no gateway asked closed green', 'unknown')]
        : [
            fact(
              "green's answers beside blue's",
              evidence.shadow,
              evidence.shadowCompared === 0 ? 'unknown' : undefined,
            ),
          ]),
      fact(
        'requests per second',
        evidence.requestsPerSecond === null ? 'unknown' : evidence.requestsPerSecond.toFixed(1),
      ),
      writesFact(evidence, plan),
      ...longestWriteFacts(evidence),
      ...callersFacts('callers besides the gateways', evidence.callers),
      ...(evidence.load ?? []).map((line) => fact('load', line)),
      pauseFact(evidence, plan),
      migrationFact(known),
      ...noWayBack(plan),
    ],
    blocks: blocksOf(
      { kind: 'list', title: 'Problems', items: problems },
      gatewaysBlock(evidence.knownGateways),
      {
        kind: 'list',
        title: 'Answers of green that are not those of blue',
        items: answerLines(evidence.answers),
      },
      { kind: 'list', title: 'Not asked', items: evidence.answers?.notAsked ?? [] },
      { kind: 'list', title: 'What green answers otherwise', items: evidence.notices ?? [] },
      { kind: 'bars', title: 'What each phase took, and was predicted to', unit: 's', bars: phaseBars(known.phases) },
      {
        kind: 'lines',
        title: 'Changes of blue that green did not have yet',
        unit: 'changes',
        lines: [{ name: 'backlog', points: known.backlog.length < 2 ? [] : known.backlog }],
        marks: [],
      },
    ),
  };
}

export function phaseBars(phases: CutoverKnown['phases']): readonly Bar[] {
  return phases
    .filter(({ durationMs, predictedMs = 0 }) => durationMs >= 100 || predictedMs >= 100)
    .map(({ name, durationMs, predictedMs }) => ({
      label: name,
      value: durationMs / 1_000,
      ...(predictedMs === undefined ? {} : { expected: predictedMs / 1_000 }),
    }));
}

/** Gateways ask green only while the sync follows, which begins with the gate: what they find is not kept from people for long. */
const FIRST_AGAIN_MS = 60_000;

/** @returns how long the sync follows before the evidence is gathered anew */
export function nextEvidenceMs(
  evidence: CutoverEvidence | null,
  { backlog }: CutoverKnown,
  gates: GateSettings,
): number {
  const everyMs = evidenceEveryMs(gates);
  const isFirst = backlog.length <= 1;
  return isFirst && evidence?.shadowCompared === 0 ? Math.min(everyMs, FIRST_AGAIN_MS) : everyMs;
}

function againText(evidence: CutoverEvidence, known: CutoverKnown, { gates }: Plan): string {
  const everyMs = evidenceEveryMs(gates);
  const nextMs = nextEvidenceMs(evidence, known, gates);
  return nextMs < everyMs ? `in ${aboutText(nextMs)}, then every ${aboutText(everyMs)}` : `every ${aboutText(everyMs)}`;
}

/** However long the gate may stay open, Temporal's limit on the length of a history stays far. */
const GATHERED_MAX = 500;

function evidenceEveryMs({ evidenceEveryMs: wanted, cutoverTimeoutMs }: GateSettings): number {
  return Math.max(wanted, Math.ceil(cutoverTimeoutMs / GATHERED_MAX));
}

function cutoverVerdict(evidence: CutoverEvidence, known: CutoverKnown, problems: readonly string[]): PageVerdict {
  const { answers, parity } = evidence;
  const wrong = [
    ...problems,
    ...(parity.differences === 0 ? [] : [`${countText(parity.differences, 'row')} of green differ from blue`]),
    ...((answers?.found ?? 0) === 0 ? [] : [`${countText(answers?.found ?? 0, 'answer')} of Hydra on green differ`]),
  ];
  const unknown = [
    ...(known.parity === null ? ['all rows were never compared'] : []),
    ...(evidence.proof !== undefined && evidence.proof.provenSince === null
      ? ['the comparison that goes on has not come past every row yet']
      : []),
    ...(answers == null || answers.asked.length === 0 ? ['Hydra on green was not asked'] : []),
    ...(answers?.notAsked ?? []),
    ...canaryDoubts(evidence.canaryUser),
    ...(evidence.canaryMs === null ? ['no canary went from blue to green'] : []),
    ...(evidence.predictedPauseMs === null ? ['the pause could not be predicted'] : []),
    ...(evidence.callers?.unknown ?? []),
    ...(evidence.shadow === undefined ? ["clients' own reads were not tried at green: no gateway asked it"] : []),
    ...(evidence.shadowCompared === 0
      ? ["no answer to clients' own reads was compared yet: gateways ask green from the opening of this gate on"]
      : []),
  ];
  const reasons = [...new Set([...wrong, ...unknown])];
  if (wrong.length > 0)
    return {
      state: 'bad',
      text: `${countText(new Set(wrong).size, 'thing')} to be put right before the writes move.`,
      reasons,
    };
  return unknown.length > 0
    ? { state: 'unknown', text: 'nothing is known to be wrong, and not everything was looked at.', reasons }
    : { state: 'good', text: 'green is as blue in everything that was looked at, and follows it.', reasons };
}

function parityFacts({ proof, parity }: CutoverEvidence, full: ParityReceipt | null): readonly Fact[] {
  return [
    fullParity(full),
    ...(proof === undefined ? [] : [proofFact(proof)]),
    fact(
      'parity of what changed last',
      // No row is no result, and must not look like one.
      parity.rows === 0
        ? 'nothing changed on blue that could be compared'
        : `${parity.rows} rows compared, ${parity.differences} differ`,
      parity.differences > 0 ? 'bad' : undefined,
    ),
  ];
}

function fullParity(full: ParityReceipt | null): Fact {
  const label = 'parity of all rows';
  if (full === null) return fact(label, 'was not compared', 'unknown');
  const { rows, differences, tables, comparedAt } = full;
  const when = comparedAt === undefined ? '' : `, at ${comparedAt}`;
  const text = `${rows} rows in ${Object.keys(tables).length} tables, ${differences} differ${when}`;
  return fact(label, text, differences > 0 ? 'bad' : undefined);
}

function proofFact({ provenSince, ageMs, unequal }: ProofReceipt): Fact {
  const label = 'oldest proof of a row';
  const again = unequal === 0 ? '' : `; ${unequal} ranges are to be looked at again`;
  if (provenSince === null || ageMs === null) return fact(label, `not every row was compared yet${again}`, 'unknown');
  return fact(label, `${aboutText(ageMs)} old, of ${provenSince}${again}`);
}

/** Of what the sync can carry, more than this leaves no room for a busier hour. */
const SHARE_MAX = 0.5;

function changeFacts({ changesPerSecond, changeLogBytes }: CutoverEvidence, sync: SyncReceipt | null): readonly Fact[] {
  if (changesPerSecond === undefined) return [];
  const most = sync?.perSecond === undefined ? '' : `, of ${sync.perSecond} that the sync carried when it caught up`;
  const log = changeLogBytes === undefined ? '' : `; their log takes ${megabytes(changeLogBytes)} on blue`;
  return [fact('changes of blue per second', `${changesPerSecond}${most}${log}`)];
}

function tooFast({ changesPerSecond }: CutoverEvidence, sync: SyncReceipt | null): readonly string[] {
  if (changesPerSecond === undefined || sync?.perSecond === undefined) return [];
  if (changesPerSecond <= sync.perSecond * SHARE_MAX) return [];
  return [
    `blue changes ${changesPerSecond} rows a second, more than half of the ${sync.perSecond} that the sync carried when it caught up; green may fall behind in a busier hour: move at a quieter one, or give the worker and green's instance more`,
  ];
}

function writesFact({ writesPerSecond }: CutoverEvidence, { gates }: Plan): Fact {
  const label = 'clients write';
  if (writesPerSecond == null) return fact(label, 'unknown: a gateway does not report it');
  const seen = `${writesPerSecond} times per second in the last minute`;
  const max = gates.writesPerSecondMax;
  if (max === undefined) return fact(label, seen);
  return writesPerSecond > max
    ? fact(label, `${seen}, of at most ${max}: \`approve\` needs a note that says why now`, 'bad')
    : fact(label, `${seen}, of at most ${max}`);
}

function longestWriteFacts({ longestWriteMs }: CutoverEvidence): readonly Fact[] {
  if (longestWriteMs === undefined) return [];
  const label = 'longest transaction that writes on blue';
  return [fact(label, longestWriteMs === null ? 'none was open' : `open for ${durationText(longestWriteMs)}`)];
}

function pauseFact({ predictedPauseMs }: CutoverEvidence, { switchover }: Plan): Fact {
  const label = 'predicted pause';
  const of = `of at most ${switchover.pauseBudgetMs} ms`;
  if (predictedPauseMs === null) return fact(label, `not measured, ${of}`, 'unknown');
  return fact(label, `${predictedPauseMs} ms ${of}`, predictedPauseMs > switchover.pauseBudgetMs ? 'bad' : undefined);
}

function migrationFact({ phases }: CutoverKnown): Fact {
  const label = 'migration, and as rehearsed';
  const migrate = phases.find(({ name }) => name === 'migrate');
  if (migrate === undefined) return fact(label, 'unknown', 'unknown');
  const took = `took ${(migrate.durationMs / 1_000).toFixed(1)} s`;
  return migrate.predictedMs === undefined
    ? fact(label, `${took}; nothing was predicted: no rehearsal is known`)
    : fact(label, `${took}, predicted ${(migrate.predictedMs / 1_000).toFixed(1)} s`);
}

/** Who and what cannot go back once it is approved. */
function noWayBack({ gateways, targets, jobs }: Plan): readonly Fact[] {
  return [
    fact('way back', 'the commit has no way back; before it a person is asked nothing more', 'unknown'),
    fact(
      'what cannot go back',
      'whatever clients write from then on: tokens, refreshes, consents, clients and keys are on green alone; blue refuses writes for good',
    ),
    fact(
      'who goes with it',
      [
        `gateways: ${gateways.join(', ') || 'none'}`,
        `targets: ${targets.join(', ') || 'none'}`,
        `jobs, paused until the end: ${jobs.join(', ') || 'none'}`,
      ].join('; '),
    ),
  ];
}

function measured(label: string, ms: number | null): Fact {
  return ms === null ? fact(label, 'not measured', 'unknown') : fact(label, `${ms} ms`);
}

function answerLines(answers: CutoverEvidence['answers']): readonly string[] {
  if (answers == null) return [];
  const more = answers.found - answers.findings.length;
  return [...answers.findings.map(findingText), ...(more > 0 ? [`and ${more} more`] : [])];
}
