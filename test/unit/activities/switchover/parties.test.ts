import { assertServes } from '../../../../activities/switchover/parties';
import { type TargetView } from '../../../../domain/ports/targets';

describe('a party', () => {
  it.each([
    ['green for the epoch', 3, 'green', true],
    ['blue for the epoch', 3, 'blue', false],
    ['green for an older epoch', 2, 'green', false],
    ['neither side for the epoch', 3, null, false],
  ] as const)('that says that it serves %s', (_what, appliedEpoch, appliedSide, isBelieved) => {
    const view = { appliedEpoch, appliedSide, stagedEpoch: null, highestEpoch: 3 } as TargetView;
    const asked = () => assertServes('green', 'resource', view, 3);
    if (isBelieved) expect(asked).not.toThrow();
    else expect(asked).toThrow(/^resource serves .* after green was applied for epoch 3/);
  });
});
