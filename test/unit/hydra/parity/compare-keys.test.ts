import { compareKeys } from '../../../../hydra/parity/compare-keys';

describe('compareKeys', () => {
  it('orders as bytes of UTF-8, also where UTF-16 has another order', () => {
    const ordered = [['A'], ['a'], ['ab'], ['ž'], ['\ue000'], ['\u{1f40e}']];
    expect([...ordered].reverse().sort(compareKeys)).toEqual(ordered);
    expect(['\u{1f40e}', '\ue000'].sort()).not.toEqual(['\ue000', '\u{1f40e}']);
  });

  it('goes column by column and knows equal keys', () => {
    expect(compareKeys(['a', 'z'], ['b', 'a'])).toBeLessThan(0);
    expect(compareKeys(['a', 'z'], ['a', 'b'])).toBeGreaterThan(0);
    expect(compareKeys(['a', 'b'], ['a', 'b'])).toBe(0);
  });
});
