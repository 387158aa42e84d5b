import { exploreSwitchover, type ModelLimits, reduced } from '../../model/explore';
import { PRODUCTION_RULES } from '../../model/rules';
import { WorldCodec } from '../../model/world';

const QUIET = { faults: 0, starts: 1, living: 1, abandons: 0, statesMax: 1_000_000 };

/** Small enough to be visited without the reduction, too. */
const SPACES: Readonly<Record<string, ModelLimits>> = {
  'two runs beside each other': { ...QUIET, starts: 2, living: 2, freeStarts: true },
  'a run to which something happens': { ...QUIET, faults: 1 },
  ...(process.env['LONG_TESTS'] === '1'
    ? {
        'two runs to which something happens': { ...QUIET, faults: 1, starts: 2, living: 2 },
        'somebody who gives up': { ...QUIET, living: 2, abandons: 1 },
        'somebody who undoes': { ...QUIET, living: 2, abandons: 1, undo: true },
        'a gateway that is a member': { ...QUIET, members: 'listed' },
      }
    : {}),
};

describe('the model without the states between two messages', () => {
  it.each(Object.entries(SPACES))('reaches exactly what is reached with them: %s', (_name, limits) => {
    const codec = new WorldCodec();
    const expected = new Set<string>();
    const reached = new Set<string>();
    const whole = exploreSwitchover(PRODUCTION_RULES, { ...limits, isUnreduced: true }, (world) => {
      expected.add(codec.encode(reduced(PRODUCTION_RULES, { label: '', world }).world));
    });
    const small = exploreSwitchover(PRODUCTION_RULES, limits, (world) => reached.add(codec.encode(world)));
    expect([whole.isExhausted, small.isExhausted, whole.violations, small.violations]).toEqual([true, true, [], []]);
    // Compared by number first: a difference of sets prints what no one can read.
    expect(reached.size).toBe(expected.size);
    expect([...expected].filter((key) => !reached.has(key))).toHaveLength(0);
    expect(small.states).toBeLessThan(whole.states / 2);
  });
});
