import {
  afterAction,
  initialSwitchover,
  nextAction,
  SWITCHOVER_ACTIONS,
  type SwitchoverActionKind,
  type SwitchoverState,
} from '../../../domain/switchover';
import { type SwitchoverRules, walkSwitchover } from '../../model/protocol-walk';

const PRODUCTION: SwitchoverRules = { initialSwitchover, nextAction, afterAction };

describe('the decisions of a switchover', () => {
  const report = walkSwitchover(PRODUCTION);

  it('break no property in any state that can be reached, and leave a way to an end from each', () => {
    expect(report.violations).toEqual([]);
    // A walk that has become small proves little.
    expect(report.states).toBeGreaterThan(300);
  });

  it('are walked with every result that an action can have', () => {
    const possible = Object.entries(SWITCHOVER_ACTIONS).flatMap(([kind, results]) =>
      results.map((result) => `${kind}/${result}`),
    );
    expect([...report.seen].sort()).toEqual(possible.sort());
  });
});

/** Changes what is known after `kind` ended with `result`. */
function after(
  kind: SwitchoverActionKind,
  result: string,
  change: (before: SwitchoverState, after: SwitchoverState) => Partial<SwitchoverState>,
): Partial<SwitchoverRules> {
  return {
    afterAction: (state, didKind, didResult, limits) => {
      const next = afterAction(state, didKind, didResult, limits);
      return didKind === kind && didResult === result ? { ...next, ...change(state, next) } : next;
    },
  };
}

const decide = (next: SwitchoverRules['nextAction']): Partial<SwitchoverRules> => ({ nextAction: next });

const isAlive = ({ attempt }: SwitchoverState) => attempt === 'holding' || attempt === 'fenced';

/** Mistakes that were planted by hand once and that no other test noticed, and their kind. */
const MISTAKES: Readonly<Record<string, Partial<SwitchoverRules>>> = {
  'a claim without an answer is taken for aborted': after('claim', 'unreachable', () => ({ attempt: 'aborted' })),
  'a claim without an answer ends the step': after('claim', 'unreachable', () => ({ attempt: 'none', failed: true })),
  'a begin whose answer was lost is not claimed': after('begin', 'lost', () => ({ attempt: 'none', failed: true })),
  'a commit whose answer was lost counts as refused before anything was begun': after('commit', 'lost', () => ({
    attempt: 'none',
    failed: true,
  })),
  'a fence whose answer was lost is taken for granted': after('fence', 'lost', () => ({
    attempt: 'committed',
    failed: false,
  })),
  'a cancel between begin and commit is not heard': decide((state, facts) =>
    nextAction(state, isAlive(state) ? { ...facts, cancelled: false } : facts),
  ),
  'a cancel before the beginning is not heard': decide((state, facts) =>
    nextAction(state, state.attempt === 'none' ? { ...facts, cancelled: false } : facts),
  ),
  'the budget is not looked at': decide((state, facts) => nextAction(state, { ...facts, budgetOver: false })),
  'a living attempt of a killed worker is gone on with': {
    initialSwitchover: (known) => {
      const state = initialSwitchover(known);
      return known === 'fenced' ? { ...state, attempt: 'fenced', failed: false, staged: true, held: true } : state;
    },
  },
  'what an aborted attempt left is built upon': {
    initialSwitchover: (known) => ({ ...initialSwitchover(known), leftovers: false }),
  },
  'what this attempt staged and holds is not given up': decide((state, facts) =>
    state.attempt === 'aborted' ? { kind: 'finish', outcome: 'aborted' } : nextAction(state, facts),
  ),
  'a committed attempt is read as aborted': {
    initialSwitchover: (known) => initialSwitchover(known === 'committed' ? 'aborted' : known),
  },
  'a revert that reached nobody counts as done before it was tried': after('claim', 'aborted', () => ({
    reverted: true,
  })),
  'parties that are away keep the step from its end': after('revert', 'left', () => ({ reverted: false })),
  'the fence comes before the hold': after('stage', 'ok', () => ({ held: true })),
  'a round that left changes counts as one that left none': after('lastRound', 'some', () => ({ caughtUp: true })),
  'the commit does not wait for the challenges': after('lastRound', 'zero', () => ({ challengesComplete: true })),
  'rounds under the fence go on for ever': after('lastRound', 'some', () => ({ failed: false })),
  'a busy lock is asked for for ever': after('fence', 'busy', () => ({ failed: false })),
  'requests are released before green is open': decide((state, facts) =>
    state.attempt === 'committed' && state.entered === 'closed' && state.targetsApplied && !state.released
      ? { kind: 'release' }
      : nextAction(state, facts),
  ),
  'green that nobody looked at counts as open': after('claim', 'committed', () => ({ entered: 'open' })),
  'an open whose answer was lost counts as open': after('openEntered', 'lost', () => ({ entered: 'open' })),
  'green opens although its lock was lost': after('applyTargets', 'session_lost', () => ({
    writersHeld: true,
    entered: 'closed',
    targetsApplied: true,
  })),
  'green opens before its targets serve it': after('applyTargets', 'failed', () => ({ targetsApplied: true })),
  'nobody looks whether something went around the fence': after('commit', 'ok', () => ({ around: 'clean' })),
  'what was found counts as clean': after('lookAround', 'found', () => ({ around: 'clean' })),
  'a look without an answer counts as clean': after('lookAround', 'failed', () => ({ around: 'clean' })),
  'a look without an answer is repeated for ever': after('lookAround', 'failed', () => ({ around: 'unknown' })),
  'what was carried is not looked at again': after('carryAround', 'ok', () => ({ around: 'clean' })),
  'a look that was not clean does not ask whether another run has opened green meanwhile': {
    afterAction: (state, kind, result, limits) => {
      const next = afterAction(state, kind, result, limits);
      return kind === 'lookAround' ? { ...next, entered: state.entered } : next;
    },
  },
  'a carry that failed does not ask whether another run has opened green meanwhile': after(
    'carryAround',
    'failed',
    ({ entered }) => ({ entered }),
  ),
  'a carry that failed counts as one': after('carryAround', 'failed', () => ({ around: 'clean' })),
  'an old look is enough after the lock of green was lost': after('applyTargets', 'session_lost', () => ({
    around: 'clean',
  })),
  'a decision of a person is forgotten': {
    initialSwitchover: (known) => initialSwitchover(known),
  },
  'every run is taken for one that a person has decided about': {
    initialSwitchover: (known) => initialSwitchover(known, true),
  },
  'the time for the proof has no end': decide((state, facts) =>
    nextAction(state, state.attempt === 'committed' ? { ...facts, budgetOver: false } : facts),
  ),
  'writers of green are not held': after('lookAtEntered', 'closed', () => ({ writersHeld: true })),
  'targets that were away when green was found open are forgotten': after('release', 'ok', () => ({
    targetsApplied: true,
  })),
  'nobody is released': after('lookAtEntered', 'open', () => ({ released: true })),
  'a failed look at green is asked again without an end': after('lookAtEntered', 'open', () => ({
    entered: 'unknown',
  })),
};

describe('the walk finds', () => {
  it.each(Object.entries(MISTAKES))('%s', (_name, mistake) => {
    expect(walkSwitchover({ ...PRODUCTION, ...mistake }).violations).not.toEqual([]);
  });
});
