import { nextMove } from '../../../../world/supervisor/keep-up';

const NOW = 1_000_000;

describe('nextMove', () => {
  it('starts what died again after a moment, and later each time it dies at once', () => {
    const moves = [1, 2, 3, 4, 5].map((count) =>
      nextMove({ isBroken: false, failures: Array.from({ length: count }, () => NOW) }, NOW),
    );
    expect(moves.map((move) => (move.kind === 'start' ? move.afterMs : move.kind))).toEqual([
      200, 500, 1_000, 2_000, 4_000,
    ]);
  });

  it('gives up on what does not stay up, instead of spinning', () => {
    expect(nextMove({ isBroken: false, failures: Array.from({ length: 6 }, () => NOW) }, NOW)).toEqual({
      kind: 'giveUp',
    });
  });

  it('leaves away what was broken, however often it died', () => {
    for (const failures of [[], [NOW], Array.from({ length: 6 }, () => NOW)]) {
      expect(nextMove({ isBroken: true, failures }, NOW)).toEqual({ kind: 'stayAway' });
    }
  });
});
