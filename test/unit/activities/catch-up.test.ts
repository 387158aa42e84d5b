import { isSoonCarried } from '../../../activities/catch-up';

describe('whether green has caught up with a blue that never stands still', () => {
  const round = { rows: 0, changes: 5_000, begun: 0, durationMs: 500 };

  it('is so when what is left takes less than it may, at the speed of the round before', () => {
    expect(isSoonCarried({ ...round, backlog: 9_000 }, 1_000)).toBe(true);
    expect(isSoonCarried({ ...round, backlog: 11_000 }, 1_000)).toBe(false);
  });

  it('is not known from a round that carried nothing', () => {
    expect(isSoonCarried({ ...round, changes: 0, backlog: 1 }, 1_000)).toBe(false);
  });
});
