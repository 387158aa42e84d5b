/**
 * The decisions of a switchover as pure functions: what is known goes in, the next action comes out. No time and no I/O are in
 * here; time comes in as facts. Few values for each fact, so that every reachable state can be walked through. Which way it goes is the
 * caller's: writes leave one side, *left* in these words, and come to the other, *entered*.
 *
 * Two rules carry it. Before the commit everything that goes wrong ends in a *claim*: the arbiter gives the attempt up, or says
 * that it was committed; nothing is ever concluded from a look. After the commit there is only forward.
 */

/** Every action with the results it can have. `lost`: sent, and no answer came, so it may have happened. */
export const SWITCHOVER_ACTIONS = {
  /** What an earlier, aborted attempt staged or holds is given up. */
  revertLeftovers: ['ok', 'failed'],
  /** Rounds until one is short; what gateways need in bulk. */
  prepare: ['ok', 'failed'],
  begin: ['ok', 'refused', 'lost'],
  stage: ['ok', 'failed'],
  hold: ['ok', 'failed'],
  fence: ['ok', 'busy', 'refused', 'lost'],
  lastRound: ['zero', 'some', 'failed'],
  /** What the last rounds added to what gateways have to know. */
  pushChallenges: ['ok', 'failed'],
  commit: ['ok', 'busy', 'refused', 'lost'],
  /** The answer to every doubt before the commit. */
  claim: ['aborted', 'committed', 'unreachable'],
  /** `left`: it was tried for long enough; the arbiter has decided, and gateways find out by themselves. */
  revert: ['ok', 'failed', 'left'],
  /** Whether the entered side takes writes for the committed epoch already; asked where another run may have come that far. */
  lookAtEntered: ['closed', 'open', 'failed'],
  /** Whether the left side may have taken a write past its fence, or refused one. After the commit: DDL can end after it. */
  lookAround: ['clean', 'found', 'failed'],
  /** The tables concerned are carried altogether and compared; `failed`: not all of it was done, or something still differs. */
  carryAround: ['ok', 'failed'],
  holdWriters: ['ok', 'failed'],
  /**
   * Targets use the entered side, and every gateway sends new reads there, although it is closed still. `session_lost`: the transaction
   * that makes its writers wait is gone.
   */
  applyTargets: ['ok', 'failed', 'session_lost'],
  openEntered: ['ok', 'lost'],
  /** Each gateway for itself, so that one that is away holds nobody else's writes. */
  release: ['ok', 'failed'],
  /** After the entered side opened, targets that were flipped before are told again; no request waits for this. */
  confirmTargets: ['ok', 'failed'],
} as const;

export type SwitchoverActionKind = keyof typeof SWITCHOVER_ACTIONS;
export type ResultOf<Kind extends SwitchoverActionKind> = (typeof SWITCHOVER_ACTIONS)[Kind][number];

export type SwitchoverAction =
  | { readonly kind: SwitchoverActionKind }
  /** `unproven`: committed, and the entered side stays closed until a person has decided. */
  | { readonly kind: 'finish'; readonly outcome: 'committed' | 'aborted' | 'unproven' };

/** How often a lock that writers hold is asked for again, and how many rounds an attempt may take under the fence. */
export interface SwitchoverLimits {
  readonly lockAttempts: number;
  readonly roundsMax: number;
}

export interface SwitchoverState {
  /** Of this attempt, on the side that is left. `unclear`: only a claim tells. */
  readonly attempt: 'none' | 'holding' | 'fenced' | 'committed' | 'aborted' | 'unclear';
  readonly leftovers: boolean;
  readonly prepared: boolean;
  readonly staged: boolean;
  /** All gateways said "holding writes, none in flight". Reads go on at the left side until the commit. */
  readonly held: boolean;
  readonly lockTries: number;
  /** Rounds that began after the fence. */
  readonly rounds: number;
  /** The last of these left nothing to carry. */
  readonly caughtUp: boolean;
  /** All gateways know every challenge and verifier that the entered side cannot know. */
  readonly challengesComplete: boolean;
  /**
   * What went around the fence. `unseen`: a look got no answer. `carried`: to be looked at again. `accepted`: a person opens the entered
   * side without the proof.
   */
  readonly around: 'unknown' | 'unseen' | 'found' | 'carried' | 'clean' | 'accepted';
  readonly writersHeld: boolean;
  /** And all gateways send new reads to the entered side. */
  readonly targetsApplied: boolean;
  /** `unknown`: committed by another run, or by this one without an answer. */
  readonly entered: 'unknown' | 'closed' | 'open';
  readonly released: boolean;
  readonly reverted: boolean;
  /** Something went wrong before the commit: the attempt is to be given up. */
  readonly failed: boolean;
}

/** What changes by itself, looked at before each decision. */
export interface SwitchoverFacts {
  /** Requests were held for as long as may be. After the commit it ends only the search for what went around the fence. */
  readonly budgetOver: boolean;
  /** Without meaning once the attempt is committed. */
  readonly cancelled: boolean;
}

/** What the arbiter holds of the newest attempt of this cutover when a step begins. */
export type KnownAttempt = 'none' | 'holding' | 'fenced' | 'committed' | 'aborted';

/**
 * Where a step begins. `committed` and `aborted` are final, so that reading them is enough; an attempt that is alive belongs to
 * a run of this step that is gone or going: it is claimed and never continued.
 *
 * @param isAccepted a person has decided that the entered side opens although nobody can say that nothing went around the fence
 */
export function initialSwitchover(known: KnownAttempt, isAccepted = false): SwitchoverState {
  const isAlive = known === 'holding' || known === 'fenced';
  const fresh: SwitchoverState = {
    attempt: 'none',
    leftovers: known === 'aborted',
    prepared: false,
    staged: false,
    held: false,
    lockTries: 0,
    rounds: 0,
    caughtUp: false,
    challengesComplete: false,
    around: isAccepted ? 'accepted' : 'unknown',
    writersHeld: false,
    targetsApplied: false,
    entered: 'unknown',
    released: false,
    reverted: false,
    failed: isAlive,
  };
  if (known === 'committed') return { ...fresh, attempt: 'committed' };
  return isAlive ? { ...fresh, attempt: 'unclear' } : fresh;
}

/** @returns what is to be done now; the same for the same input */
export function nextAction(state: SwitchoverState, facts: SwitchoverFacts): SwitchoverAction {
  switch (state.attempt) {
    case 'committed':
      return forward(state, facts);
    case 'aborted':
      return state.reverted ? { kind: 'finish', outcome: 'aborted' } : { kind: 'revert' };
    case 'unclear':
      return { kind: 'claim' };
    case 'none':
      return state.failed || facts.cancelled ? { kind: 'finish', outcome: 'aborted' } : approach(state);
    case 'holding':
    case 'fenced':
      return state.failed || facts.cancelled || facts.budgetOver ? { kind: 'claim' } : towardsCommit(state);
  }
}

function approach(state: SwitchoverState): SwitchoverAction {
  if (state.leftovers) return { kind: 'revertLeftovers' };
  return { kind: state.prepared ? 'begin' : 'prepare' };
}

function towardsCommit(state: SwitchoverState): SwitchoverAction {
  if (!state.staged) return { kind: 'stage' };
  if (!state.held) return { kind: 'hold' };
  if (state.attempt === 'holding') return { kind: 'fence' };
  if (!state.caughtUp) return { kind: 'lastRound' };
  return { kind: state.challengesComplete ? 'commit' : 'pushChallenges' };
}

/**
 * The entered side stays closed until a look at the left one was clean: once it is open nothing can be carried any more.
 *
 * Nothing is released before the entered side takes writes. Once it does no target serves an older epoch, and no gateway sends a new read
 * to the left side: what was read there already may end there, because it began before any write of the entered one. One that takes writes
 * already is not held again: everybody uses it, and a target that is away now would keep all of them waiting.
 */
function forward(state: SwitchoverState, facts: SwitchoverFacts): SwitchoverAction {
  if (state.entered === 'unknown') return { kind: 'lookAtEntered' };
  if (state.entered === 'closed') {
    if (state.around !== 'clean' && state.around !== 'accepted') return proof(state, facts);
    if (!state.writersHeld) return { kind: 'holdWriters' };
    return { kind: state.targetsApplied ? 'openEntered' : 'applyTargets' };
  }
  if (!state.released) return { kind: 'release' };
  return state.targetsApplied ? { kind: 'finish', outcome: 'committed' } : { kind: 'confirmTargets' };
}

/** Without an answer nobody knows, as with something that was found. There is always one look, however late it is. */
function proof({ around }: SwitchoverState, { budgetOver }: SwitchoverFacts): SwitchoverAction {
  if (budgetOver && (around === 'found' || around === 'unseen')) return { kind: 'finish', outcome: 'unproven' };
  return { kind: around === 'found' ? 'carryAround' : 'lookAround' };
}

/** @returns what is known after `kind` ended with `result` */
export function afterAction<Kind extends SwitchoverActionKind>(
  state: SwitchoverState,
  kind: Kind,
  result: ResultOf<Kind>,
  limits: SwitchoverLimits,
): SwitchoverState {
  const change = (CHANGES[kind] as Change<Kind>)(state, result, limits);
  return { ...state, ...change };
}

type Change<Kind extends SwitchoverActionKind> = (
  state: SwitchoverState,
  result: ResultOf<Kind>,
  limits: SwitchoverLimits,
) => Partial<SwitchoverState>;

const FAILED = { failed: true } as const;
/** Another run may have gone on meanwhile. */
const enteredLost = ({ around }: SwitchoverState) =>
  ({ writersHeld: false, entered: 'unknown', around: around === 'accepted' ? around : 'unknown' }) as const;
const UNCLEAR = { attempt: 'unclear', failed: true } as const;

const CHANGES: { readonly [Kind in SwitchoverActionKind]: Change<Kind> } = {
  revertLeftovers: (_state, result) => (result === 'ok' ? { leftovers: false } : FAILED),
  prepare: (_state, result) => (result === 'ok' ? { prepared: true } : FAILED),
  begin: (_state, result) => {
    if (result === 'ok') return { attempt: 'holding' };
    return result === 'lost' ? UNCLEAR : FAILED;
  },
  stage: (_state, result) => (result === 'ok' ? { staged: true } : FAILED),
  hold: (_state, result) => (result === 'ok' ? { held: true } : FAILED),
  fence: (state, result, limits) => {
    if (result === 'ok') return { attempt: 'fenced', lockTries: 0 };
    return withoutAnswer(state, result, limits);
  },
  lastRound: (state, result, limits) => {
    if (result === 'zero') return { rounds: state.rounds + 1, caughtUp: true };
    const rounds = state.rounds + 1;
    return { rounds, failed: result === 'failed' || rounds >= limits.roundsMax };
  },
  pushChallenges: (_state, result) => (result === 'ok' ? { challengesComplete: true } : FAILED),
  commit: (state, result, limits) => {
    if (result === 'ok') return { attempt: 'committed', entered: 'closed', lockTries: 0 };
    return withoutAnswer(state, result, limits);
  },
  claim: (_state, result) => {
    // Until there is an answer nobody knows who serves; only asking again helps.
    return result === 'unreachable' ? UNCLEAR : { attempt: result };
  },
  revert: (_state, result) => (result === 'failed' ? {} : { reverted: true }),
  lookAtEntered: (_state, result) => (result === 'failed' ? {} : { entered: result }),
  holdWriters: (_state, result) => (result === 'ok' ? { writersHeld: true } : {}),
  // Whatever is not clean is judged only once the entered side was seen closed again: another run may have opened it meanwhile.
  lookAround: (_state, result) =>
    result === 'clean' ? { around: result } : { around: result === 'failed' ? 'unseen' : result, entered: 'unknown' },
  carryAround: (_state, result) => (result === 'ok' ? { around: 'carried' } : { entered: 'unknown' }),
  applyTargets: (state, result) => {
    if (result === 'session_lost') return enteredLost(state);
    return result === 'ok' ? { targetsApplied: true } : {};
  },
  openEntered: (state, result) => (result === 'ok' ? { entered: 'open' } : enteredLost(state)),
  release: (_state, result) => (result === 'ok' ? { released: true } : {}),
  confirmTargets: (_state, result) => (result === 'ok' ? { targetsApplied: true } : {}),
};

function withoutAnswer(
  state: SwitchoverState,
  result: 'busy' | 'refused' | 'lost',
  limits: SwitchoverLimits,
): Partial<SwitchoverState> {
  if (result === 'lost') return UNCLEAR;
  if (result === 'refused') return FAILED;
  const lockTries = state.lockTries + 1;
  return { lockTries, failed: lockTries >= limits.lockAttempts };
}
