import { beatMember, fence, outcome } from '../../model/arbiter-twin';
import { exploreSwitchover, type ModelLimits } from '../../model/explore';
import { LARGE_SPACES, SMALL_SPACES } from '../../model/limits';
import { BACKWARD_RULES, type ModelRules, PRODUCTION_RULES } from '../../model/rules';

describe('the model of the switchover', () => {
  it.each(Object.entries(SMALL_SPACES))('breaks no invariant and always comes to an end: %s', (_name, limits) => {
    const { isExhausted, violations, states } = exploreSwitchover(PRODUCTION_RULES, limits);
    expect(violations).toEqual([]);
    expect(isExhausted).toBe(true);
    expect(states).toBeGreaterThan(10_000);
  });

  it('is the same with the sides exchanged, and not when one rule takes a colour for granted', () => {
    const explored = (rules: ModelRules) => ({ ...exploreSwitchover(rules, SMALL_SPACES.strangers), durationMs: 0 });
    const forward = explored(PRODUCTION_RULES);
    expect(forward).toMatchObject({ isExhausted: true, violations: [] });
    expect(explored(BACKWARD_RULES)).toEqual(forward);
    const { movedEpoch, direction } = PRODUCTION_RULES;
    const onlyForward: ModelRules = { ...BACKWARD_RULES, movedEpoch: (record) => movedEpoch(record, direction) };
    expect(explored(onlyForward)).not.toEqual(forward);
  });
});

const REFUSED = 'a gateway forwards to the side that is left, which refuses';
const READ_LATE = 'a gateway sends a new read to the side that was left after the other one took a write';

/** An answer that was taken out of production's functions, the space in which it is missed, and what breaks without it. */
const WITHOUT: readonly (readonly [name: string, limits: ModelLimits, rules: Partial<ModelRules>, broken: string])[] = [
  [
    'a run whose claim found no attempt gives nothing up',
    { ...LARGE_SPACES.threeRuns, faults: 1, starts: 2, living: 2 },
    {
      ownedAfterClaim: (before, claimed) => ({
        attempt: claimed.attempt ?? before.attempt,
        epoch: claimed.epoch ?? before.epoch,
      }),
    },
    REFUSED,
  ],
  [
    'the revert of an older epoch does not settle the doubt of a gateway that knows nothing',
    { ...LARGE_SPACES.threeRuns, faults: 1, starts: 2, living: 2 },
    { isSettled: (_inQuestion, { after }) => after.hold === null },
    REFUSED,
  ],
  [
    'a run that was given up while it chose its epoch does not begin',
    SMALL_SPACES.abandon,
    { noneBegunSince: () => true },
    'a run commits that was given up before',
  ],
  [
    'a living attempt is claimed, and not gone on with',
    SMALL_SPACES.oneFault,
    { initialSwitchover: (known) => PRODUCTION_RULES.initialSwitchover(known === 'fenced' ? 'none' : known) },
    'a run ends as aborted and is not',
  ],
  [
    'blue is looked at after the commit',
    SMALL_SPACES.oneFault,
    {
      initialSwitchover: (known) => PRODUCTION_RULES.initialSwitchover(known, true),
    },
    'a side is open, and a write that went around the fence is on the other one alone',
  ],
  [
    'a commit that is refused ends its attempt, because green begins to be opened beside it',
    SMALL_SPACES.oneFault,
    {
      afterAction: (state, kind, result, limits) =>
        kind === 'commit' && result === 'refused'
          ? { ...state, caughtUp: false }
          : PRODUCTION_RULES.afterAction(state, kind, result, limits),
    },
    'a run carries to a side that it holds itself',
  ],
  [
    'every gateway sends new reads to green before it opens',
    { ...SMALL_SPACES.oneFault, faults: 0, starts: 1 },
    { moveReads: (record) => ({ ok: true, record, changed: false }) },
    READ_LATE,
  ],
  [
    'a gateway in doubt sends no reads to the side that it left',
    SMALL_SPACES.oneFault,
    { readsGoTo: (record) => PRODUCTION_RULES.readsGoTo(record, false) },
    READ_LATE,
  ],
  [
    'a fence is refused while the lease of somebody lives who has not said that he holds',
    SMALL_SPACES.strangers,
    {
      fence: (twin, attempt) => {
        const ignoring = fence({ ...twin, members: [] }, attempt);
        return { ...ignoring, twin: { ...ignoring.twin, members: twin.members } };
      },
    },
    REFUSED,
  ],
  ['a member that is bound stops by its own clock', SMALL_SPACES.strangers, { isBound: () => false }, REFUSED],
  [
    'a member is bound by what it says it knows, and not by what it was answered',
    LARGE_SPACES.strangersAndFault,
    { beatMember: (twin, member, _known, moved) => beatMember(twin, member, outcome(twin).living, moved) },
    REFUSED,
  ],
  [
    'a member that hears of a commit it has no part in stops, whatever its clock says',
    SMALL_SPACES.strangers,
    { learnCommitted: (_rules, gateway) => gateway },
    REFUSED,
  ],
  [
    'the right to begin is taken away before the capture is',
    SMALL_SPACES.undo,
    { beginRemoval: (twin) => ({ twin, answer: { ok: true, alreadyRemoving: false } }) },
    'a run commits without a capture',
  ],
];

describe('the model finds what is missing without', () => {
  it.each(WITHOUT)('%s', (_name, limits, rules, broken) => {
    const { violations } = exploreSwitchover({ ...PRODUCTION_RULES, ...rules }, { ...limits, violationsMax: 1 });
    expect(violations.map(({ what }) => what)).toEqual([broken]);
    expect(violations[0]?.history).not.toEqual([]);
  });
});
