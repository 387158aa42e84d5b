import { clockThatCountsPauses } from '../../../../gateway/node/clock';

describe('the clock of the gateway', () => {
  let monotonic: number;
  let wall: number;
  let now: () => number;
  /** Time as both clocks see it, with what the wall clock has besides. */
  const pass = (ms: number, wallBesides = 0) => {
    monotonic += ms;
    wall += ms + wallBesides;
    return now();
  };

  beforeEach(() => {
    [monotonic, wall] = [1_000, 1_700_000_000_000];
    now = clockThatCountsPauses(
      () => monotonic,
      () => wall,
    );
  });

  it('goes on as the monotonic one', () => {
    expect([pass(5), pass(60_000), pass(0.5)]).toEqual([1_005, 61_005, 61_005.5]);
  });

  it('counts for how long the machine stood still, so that a lease of then is over', () => {
    expect(pass(10, 8_000)).toBe(9_010);
    expect(pass(10)).toBe(9_020);
  });

  it('never goes back with a wall clock that is set back, nor by small corrections', () => {
    expect(pass(10, -3_600_000)).toBe(1_010);
    expect(pass(10)).toBe(1_020);
    for (let each = 0; each < 100; each += 1) pass(10, 5);
    expect(now()).toBe(2_020);
  });
});
