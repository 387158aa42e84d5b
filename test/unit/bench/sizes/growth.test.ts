import { exponentOf, extrapolate, runsOutAt } from '../../../../bench/sizes/growth';

const at = (...figures: readonly number[]) =>
  figures.map((figure, index) => ({ grants: 100_000 * 10 ** index, figure }));

it('takes how a figure grows from the sizes at which it stands above the noise', () => {
  expect(exponentOf('ms', at(10_000, 100_000, 1_000_000))).toBeCloseTo(1);
  expect(exponentOf('ms', at(10_000, 1_000_000, 100_000_000))).toBeCloseTo(2);
  // The first is of what else went on.
  expect(exponentOf('ms', at(1_900, 3_000, 30_000))).toBeCloseTo(1);
  expect(exponentOf('ms', at(10, 100, 30_000))).toBeNull();
});

it('extrapolates at least linearly, and says nothing of noise', () => {
  expect(extrapolate('ms', at(10_000, 12_000, 14_000), 1e8)).toBeCloseTo(140_000);
  expect(extrapolate('ms', at(10, 100, 1_000), 1e8)).toBeNull();
  expect(extrapolate('tempBytes', at(0, 0, 0), 1e8)).toBeNull();
});

it('lets memory be flat that is', () => {
  expect(extrapolate('memoryBytes', at(90e6, 100e6, 95e6), 1e8)).toBe(95e6);
  expect(extrapolate('memoryBytes', at(1e6, 1e6, 40e6), 1e8)).toBeNull();
  expect(extrapolate('memoryBytes', at(40e6, 400e6, 4e9), 1e8)).toBeCloseTo(40e9, -6);
});

it('says at how many grants a resource runs out', () => {
  // A day, at 1 ms each.
  expect(runsOutAt('ms', at(100_000, 1_000_000, 10_000_000))).toBeCloseTo(86_400_000);
  expect(runsOutAt('ms', at(1, 1, 1))).toBeNull();
  expect(runsOutAt('memoryBytes', at(90e6, 90e6, 90e6))).toBeNull();
});
