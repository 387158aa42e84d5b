import {
  type afterAction,
  type initialSwitchover,
  type KnownAttempt,
  type nextAction,
  type ResultOf,
  SWITCHOVER_ACTIONS,
  type SwitchoverActionKind,
  type SwitchoverFacts,
  type SwitchoverLimits,
  type SwitchoverState,
} from '../../domain/switchover';
import { deadEnds } from './dead-ends';

/** The decision functions that are walked: those of production, or ones with a mistake planted in them. */
export interface SwitchoverRules {
  readonly initialSwitchover: typeof initialSwitchover;
  readonly nextAction: typeof nextAction;
  readonly afterAction: typeof afterAction;
}

/**
 * What is really the case, beside what the run believes: a small truth that only the results of actions change. A result
 * that means "no answer came" leads to a truth in which the action happened and to one in which it did not.
 */
export interface Truth {
  /** The attempt of this run on the side that is left. */
  readonly attempt: 'none' | 'alive' | 'aborted' | 'committed';
  readonly fenced: boolean;
  /** The arbiter told this run that its attempt is aborted: from then on it can never commit. */
  readonly toldAborted: boolean;
  /** An earlier attempt, aborted, left something staged or held. */
  readonly leftovers: boolean;
  readonly prepared: boolean;
  readonly staged: boolean;
  readonly held: boolean;
  readonly rounds: number;
  readonly lockTries: number;
  readonly caughtUp: boolean;
  readonly challengesKnown: boolean;
  /** What the last look at blue after the commit said; nothing any more once something was carried, or time has passed. */
  readonly look: 'none' | 'clean' | 'found' | 'failed';
  /** A person decided that green opens without a look. */
  readonly isAccepted: boolean;
  readonly writersHeld: boolean;
  readonly targetsOnGreen: boolean;
  readonly greenOpen: boolean;
  readonly released: boolean;
  readonly reverted: boolean;
}

export interface WalkReport {
  readonly states: number;
  readonly transitions: number;
  readonly finishing: number;
  /** `kind/result` of everything that happened at least once. */
  readonly seen: ReadonlySet<string>;
  /** Sentences, without repetition. */
  readonly violations: readonly string[];
}

/** Some fifty times what there are: a mistake that counts without a limit must not take the machine with it. */
const STATES_MAX = 20_000;

const LIMITS: SwitchoverLimits = { lockAttempts: 2, roundsMax: 2 };

const ALL_FACTS: readonly SwitchoverFacts[] = [false, true].flatMap((budgetOver) =>
  [false, true].map((cancelled) => ({ budgetOver, cancelled })),
);

interface Node {
  readonly state: SwitchoverState;
  readonly truth: Truth;
}

/**
 * Visits every state that the rules can reach from where a step may begin, whatever the facts and the results of the actions
 * are, and holds each against the properties in `propertiesOf`.
 */
export function walkSwitchover(rules: SwitchoverRules): WalkReport {
  const nodes = new Map<string, Node>();
  const before = new Map<string, Set<string>>();
  const finishing = new Set<string>();
  const seen = new Set<string>();
  const violations = new Set<string>();
  const queue: string[] = [];
  let transitions = 0;
  const counted = () => ({ states: nodes.size, transitions, finishing: finishing.size, seen });
  const visit = (node: Node, from: string | null) => {
    const key = JSON.stringify(node);
    if (!nodes.has(key)) {
      nodes.set(key, node);
      before.set(key, new Set());
      queue.push(key);
    }
    if (from !== null) before.get(key)?.add(from);
  };
  for (const begin of beginnings(rules)) visit(begin, null);
  for (let key = queue.pop(); key !== undefined; key = queue.pop()) {
    if (nodes.size > STATES_MAX) {
      return { ...counted(), violations: [...violations, `there are more than ${STATES_MAX} states`] };
    }
    const node = nodes.get(key);
    if (node === undefined) throw new Error('a state is visited that was never stored');
    for (const facts of ALL_FACTS) {
      const action = rules.nextAction(node.state, facts);
      const problems = propertiesOf(node, facts, action);
      if (problems.length > 0) {
        // What follows a mistake is of no interest, and may have no end.
        for (const problem of problems) violations.add(problem);
        continue;
      }
      if (action.kind === 'finish') {
        finishing.add(key);
        transitions += 1;
        continue;
      }
      for (const { result, truth } of outcomes(action.kind, node.truth)) {
        transitions += 1;
        seen.add(`${action.kind}/${result}`);
        visit({ state: rules.afterAction(node.state, action.kind, result, LIMITS), truth }, key);
      }
    }
  }
  // Where the rules stop for a mistake nothing is said about what comes after it.
  if (violations.size === 0) {
    for (const stuck of deadEnds(nodes.keys(), before, finishing)) {
      violations.add(`no finish can be reached from ${stuck}`);
    }
  }
  return { ...counted(), violations: [...violations] };
}

function beginnings(rules: SwitchoverRules): readonly Node[] {
  const fresh: Truth = {
    attempt: 'none',
    fenced: false,
    toldAborted: false,
    leftovers: false,
    prepared: false,
    staged: false,
    held: false,
    rounds: 0,
    lockTries: 0,
    caughtUp: false,
    challengesKnown: false,
    look: 'none',
    isAccepted: false,
    writersHeld: false,
    targetsOnGreen: false,
    greenOpen: false,
    released: false,
    reverted: false,
  };
  const alive: Truth = { ...fresh, attempt: 'alive' };
  const committed: Truth = { ...fresh, attempt: 'committed' };
  // An attempt that is alive when it is read may be aborted, or committed by the run that it belongs to, before it is claimed.
  const truths: { readonly [Known in KnownAttempt]: readonly Truth[] } = {
    none: [fresh],
    holding: [alive, { ...fresh, attempt: 'aborted' }, committed],
    fenced: [
      { ...alive, fenced: true },
      { ...fresh, attempt: 'aborted' },
      committed,
      { ...committed, targetsOnGreen: true, greenOpen: true },
    ],
    committed: [
      committed,
      { ...committed, targetsOnGreen: true },
      { ...committed, targetsOnGreen: true, greenOpen: true },
      // A target that lost its record since, or was replaced.
      { ...committed, greenOpen: true },
    ],
    aborted: [{ ...fresh, leftovers: true }],
  };
  const known = Object.entries(truths) as [KnownAttempt, readonly Truth[]][];
  const undecided = known.flatMap(([from, each]) =>
    each.map((truth) => ({ state: rules.initialSwitchover(from), truth })),
  );
  const decided = truths.committed.map((truth) => ({
    state: rules.initialSwitchover('committed', true),
    truth: { ...truth, isAccepted: true },
  }));
  return [...undecided, ...decided];
}

interface Outcome<Kind extends SwitchoverActionKind = SwitchoverActionKind> {
  readonly result: ResultOf<Kind>;
  readonly truth: Truth;
}

type Effects = { readonly [Kind in SwitchoverActionKind]: (truth: Truth) => readonly Outcome<Kind>[] };

/** Where the attempt is decided by others: a gateway in doubt gives it up. The run is not told. */
const decidedByOthers = (truth: Truth): Truth =>
  truth.attempt === 'alive' ? { ...truth, attempt: 'aborted', fenced: false } : truth;

const either = <Result extends string>(truth: Truth, done: Partial<Truth>, ok: Result, failed: Result) => [
  { result: ok, truth: { ...truth, ...done } },
  { result: failed, truth },
];

/** What another run may have done at any time. */
const OPENED = { targetsOnGreen: true, greenOpen: true } as const;
/** The transaction that makes green's writers wait is gone, and time has passed since blue was looked at. */
const LOST = { writersHeld: false, look: 'none' } as const;

/** What each action may do to the truth, with the result that the run sees of it. A new action needs its row here. */
const EFFECTS: Effects = {
  revertLeftovers: (truth) => either(truth, { leftovers: false }, 'ok', 'failed'),
  prepare: (truth) => either(truth, { prepared: true }, 'ok', 'failed'),
  begin: (truth) => [
    { result: 'ok', truth: { ...truth, attempt: 'alive' } },
    { result: 'refused', truth },
    { result: 'lost', truth },
    { result: 'lost', truth: { ...truth, attempt: 'alive' } },
    // Another run of this step has committed meanwhile: the claim finds out.
    { result: 'lost', truth: { ...truth, attempt: 'committed' } },
  ],
  stage: (truth) => either(truth, { staged: true }, 'ok', 'failed'),
  hold: (truth) => either(truth, { held: true }, 'ok', 'failed'),
  fence: (truth) => [
    ...(truth.attempt === 'alive' ? [{ result: 'ok' as const, truth: { ...truth, fenced: true, lockTries: 0 } }] : []),
    { result: 'busy', truth: { ...truth, lockTries: truth.lockTries + 1 } },
    { result: 'refused', truth: decidedByOthers(truth) },
    { result: 'lost', truth },
    { result: 'lost', truth: { ...truth, fenced: truth.attempt === 'alive' } },
  ],
  lastRound: (truth) => [
    { result: 'zero', truth: { ...truth, rounds: truth.rounds + 1, caughtUp: truth.fenced } },
    { result: 'some', truth: { ...truth, rounds: truth.rounds + 1 } },
    { result: 'failed', truth: { ...truth, rounds: truth.rounds + 1 } },
  ],
  pushChallenges: (truth) => either(truth, { challengesKnown: true }, 'ok', 'failed'),
  commit: (truth) => [
    ...(truth.fenced ? [{ result: 'ok' as const, truth: { ...truth, attempt: 'committed' as const } }] : []),
    { result: 'busy', truth: { ...truth, lockTries: truth.lockTries + 1 } },
    { result: 'refused', truth },
    { result: 'refused', truth: decidedByOthers(truth) },
    { result: 'lost', truth },
    { result: 'lost', truth: { ...truth, attempt: truth.fenced ? 'committed' : truth.attempt } },
  ],
  claim: (truth) => [
    // The arbiter has decided, and the answer is lost.
    { result: 'unreachable', truth },
    { result: 'unreachable', truth: decidedByOthers(truth) },
    truth.attempt === 'committed'
      ? { result: 'committed', truth }
      : { result: 'aborted', truth: { ...truth, attempt: 'aborted', fenced: false, toldAborted: true } },
  ],
  revert: (truth) => [
    { result: 'ok', truth: { ...truth, reverted: true, staged: false, held: false } },
    { result: 'failed', truth },
    { result: 'left', truth: { ...truth, reverted: true } },
  ],
  lookAtEntered: (truth) => [
    // What its session had open is rolled back, if only because that session is gone.
    { result: truth.greenOpen ? 'open' : 'closed', truth: { ...truth, writersHeld: false } },
    { result: 'failed', truth: { ...truth, writersHeld: false } },
  ],
  // Green begins to be opened beside it, or that fails.
  lookAround: (truth) => [
    ...(['clean', 'found', 'failed'] as const).flatMap((result) =>
      [true, false].map((writersHeld) => ({ result, truth: { ...truth, look: result, writersHeld } })),
    ),
    // Another run has opened green meanwhile.
    ...(['found', 'failed'] as const).map((result) => ({ result, truth: { ...truth, ...OPENED, look: result } })),
  ],
  carryAround: (truth) => [
    // Whether it was enough the next look says.
    ...either(truth, { look: 'none' }, 'ok', 'failed'),
    { result: 'failed', truth: { ...truth, ...OPENED } },
  ],
  holdWriters: (truth) => either(truth, { writersHeld: true }, 'ok', 'failed'),
  applyTargets: (truth) => [
    { result: 'ok', truth: { ...truth, targetsOnGreen: true } },
    { result: 'failed', truth },
    { result: 'session_lost', truth: { ...truth, ...LOST } },
    { result: 'session_lost', truth: { ...truth, ...LOST, targetsOnGreen: true } },
    // Another run has opened green meanwhile.
    { result: 'session_lost', truth: { ...truth, ...LOST, ...OPENED } },
  ],
  openEntered: (truth) => [
    { result: 'ok', truth: { ...truth, greenOpen: true, writersHeld: false } },
    { result: 'lost', truth: { ...truth, ...LOST } },
    { result: 'lost', truth: { ...truth, ...LOST, greenOpen: true } },
  ],
  release: (truth) => either(truth, { released: true }, 'ok', 'failed'),
  confirmTargets: (truth) => either(truth, { targetsOnGreen: true }, 'ok', 'failed'),
};

function outcomes(kind: SwitchoverActionKind, truth: Truth): readonly Outcome[] {
  const possible: readonly Outcome[] = EFFECTS[kind](truth);
  const allowed: readonly string[] = SWITCHOVER_ACTIONS[kind];
  for (const { result } of possible) {
    if (!allowed.includes(result)) throw new Error(`the walk gives ${kind} the result ${result}, which it cannot have`);
  }
  return possible;
}

const ONLY_AFTER_COMMIT: readonly string[] = [
  'lookAtEntered',
  'lookAround',
  'carryAround',
  'holdWriters',
  'applyTargets',
  'openEntered',
  'release',
  'confirmTargets',
];

/** What is wrong with doing `action` now, as sentences; empty when nothing is. */
function propertiesOf(
  { state, truth }: Node,
  facts: SwitchoverFacts,
  action: ReturnType<typeof nextAction>,
): readonly string[] {
  const isAlive = state.attempt === 'holding' || state.attempt === 'fenced';
  const asks = action.kind === 'finish' && action.outcome === 'unproven';
  const givesUp = action.kind === 'claim' || action.kind === 'finish' || action.kind === 'revert';
  const rules: readonly (readonly [broken: boolean, problem: string])[] = [
    [
      action.kind === 'finish' && action.outcome === 'aborted' && truth.attempt === 'committed',
      'an attempt that was committed is reported as aborted',
    ],
    [
      action.kind === 'finish' && action.outcome === 'aborted' && truth.attempt === 'alive',
      'a step ends as aborted while its attempt may still commit',
    ],
    [
      action.kind === 'finish' && action.outcome === 'aborted' && truth.toldAborted && !truth.reverted,
      'a step ends as aborted and never tried to revert what was staged and held',
    ],
    [
      action.kind === 'finish' && action.outcome === 'committed' && !(truth.attempt === 'committed' && truth.greenOpen),
      'a step ends as committed before green is open for a committed attempt',
    ],
    [
      action.kind === 'finish' && action.outcome === 'committed' && !(truth.released && truth.targetsOnGreen),
      'a step ends as committed before every gateway and target serves green',
    ],
    [
      action.kind === 'revert' && !truth.toldAborted,
      'something is reverted before the arbiter said that it is aborted',
    ],
    [action.kind === 'revert' && truth.attempt === 'committed', 'a committed attempt is reverted'],
    [action.kind === 'revert' && truth.reverted, 'what was reverted, or tried for long enough, is reverted once more'],
    [action.kind === 'revertLeftovers' && truth.attempt !== 'none', 'leftovers are reverted after an attempt began'],
    [action.kind === 'begin' && truth.leftovers, 'an attempt begins over what an earlier one left'],
    [action.kind === 'begin' && !truth.prepared, 'an attempt begins without being prepared'],
    [action.kind === 'begin' && truth.attempt !== 'none', 'an attempt begins while another is not decided'],
    [
      (action.kind === 'stage' || action.kind === 'hold') && truth.attempt === 'none',
      `${action.kind} without an attempt`,
    ],
    [action.kind === 'hold' && !truth.staged, 'gateways hold for a state that is not staged everywhere'],
    [action.kind === 'fence' && !(truth.staged && truth.held), 'blue is fenced while requests may be in flight'],
    [action.kind === 'commit' && !(truth.staged && truth.held), 'a commit before everything is staged and held'],
    [
      action.kind === 'commit' && !truth.caughtUp,
      'a commit before a round that began after the fence left nothing over',
    ],
    [action.kind === 'commit' && !truth.challengesKnown, 'a commit before gateways know all stale challenges'],
    [action.kind === 'lastRound' && truth.rounds >= LIMITS.roundsMax, 'more rounds under the fence than allowed'],
    [
      (action.kind === 'fence' || action.kind === 'commit') && truth.lockTries >= LIMITS.lockAttempts,
      'a lock that writers hold is asked for more often than allowed',
    ],
    [facts.cancelled && isAlive && !givesUp, 'a cancel before the commit does not lead to a claim'],
    [facts.budgetOver && isAlive && !givesUp, 'a pause over its budget does not lead to a claim'],
    [facts.cancelled && state.attempt === 'none' && !givesUp, 'a cancel before the beginning is not heard'],
    [
      ONLY_AFTER_COMMIT.includes(action.kind) && truth.attempt !== 'committed',
      'something that belongs after the commit happens before it',
    ],
    [
      state.attempt === 'committed' && !ONLY_AFTER_COMMIT.includes(action.kind) && action.kind !== 'finish',
      'after the commit something is done that belongs before it',
    ],
    [action.kind === 'release' && !truth.greenOpen, 'requests are released to a green that is not open'],
    [action.kind === 'openEntered' && !truth.writersHeld, 'green opens while its writers are not held'],
    [
      action.kind === 'openEntered' && truth.look !== 'clean' && !truth.isAccepted,
      'green opens before a look at blue was clean, and nobody has decided that it may',
    ],
    [
      (action.kind === 'lookAround' || action.kind === 'carryAround') && truth.greenOpen && state.entered === 'open',
      'blue is looked at or carried from while green takes writes',
    ],
    [
      facts.budgetOver && (action.kind === 'carryAround' || (action.kind === 'lookAround' && truth.look === 'failed')),
      'requests wait for the proof beyond the budget, and nobody is asked',
    ],
    [action.kind === 'carryAround' && truth.writersHeld, 'something is carried to a green that makes its writers wait'],
    [asks && truth.attempt !== 'committed', 'a person is asked about the fence before the commit'],
    [asks && !facts.budgetOver, 'a person is asked about the fence while there is time left'],
    [asks && (truth.look === 'clean' || truth.isAccepted), 'a person is asked about a fence that is proven or decided'],
    [asks && truth.greenOpen, 'a person is asked about the fence although green serves already'],
    [action.kind === 'openEntered' && !truth.targetsOnGreen, 'green opens before every target serves it'],
    [action.kind === 'confirmTargets' && !truth.greenOpen, 'targets are only confirmed after green is open'],
    [action.kind === 'confirmTargets' && !truth.released, 'requests wait for a target that is only to be confirmed'],
  ];
  return rules.filter(([broken]) => broken).map(([, problem]) => problem);
}
