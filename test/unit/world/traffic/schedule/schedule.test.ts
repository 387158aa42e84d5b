import { OpenLoop, type ScheduledStart } from '../../../../../world/traffic/schedule/open-loop';
import { Random } from '../../../../../world/traffic/schedule/random';

describe('Random', () => {
  it('repeats itself for the same seed and differs for another', () => {
    const sequence = (seed: number): number[] => {
      const random = new Random(seed);
      return Array.from({ length: 20 }, () => random.below(1_000));
    };
    expect(sequence(5)).toEqual(sequence(5));
    expect(sequence(5)).not.toEqual(sequence(6));
  });

  it('picks by weight, never what weighs nothing', () => {
    const random = new Random(1);
    const counts = { often: 0, seldom: 0, never: 0 };
    for (let at = 0; at < 4_000; at++) {
      const name = random.weighted([
        ['never', 0],
        ['often', 9],
        ['seldom', 1],
      ] as const);
      counts[name] += 1;
    }
    expect(counts.never).toBe(0);
    expect(counts.often / counts.seldom).toBeGreaterThan(6);
    expect(counts.often / counts.seldom).toBeLessThan(13);
  });

  it('gives forks sequences of their own', () => {
    const parent = new Random(1);
    expect(parent.fork(1).next()).not.toBe(parent.fork(2).next());
    expect(parent.next()).toBe(new Random(1).next());
  });
});

describe('OpenLoop', () => {
  const TICK_MS = 5;
  let nowMs = 0;
  beforeEach(() => {
    jest.useFakeTimers();
    jest.spyOn(performance, 'now').mockImplementation(() => nowMs);
  });
  afterEach(() => {
    jest.restoreAllMocks();
    jest.useRealTimers();
  });

  function pass(ms: number): void {
    for (let passed = 0; passed < ms; passed += TICK_MS) {
      nowMs += TICK_MS;
      jest.advanceTimersByTime(TICK_MS);
    }
  }

  /** Time goes on and the process does not. */
  function stall(ms: number): void {
    nowMs += ms;
  }

  it('goes on starting by the clock although nothing is ever answered', () => {
    const starts: ScheduledStart[] = [];
    const loop = new OpenLoop({ ratePerSecond: 500, start: (at) => (starts.push(at), 1) });
    loop.begin();
    pass(50);
    stall(1_900);
    pass(50);
    loop.end();
    expect(starts).toHaveLength(1_001);
    // The intended times are exact however late the timer was.
    const gaps = starts.slice(1).map((at, index) => at.intendedAtMs - (starts[index]?.intendedAtMs ?? 0));
    for (const gap of gaps) expect(gap).toBeCloseTo(2, 5);
    expect(loop.summary().lateness.count).toBe(starts.length);
  });

  it('gives an operation of several requests the time of several', () => {
    const starts: ScheduledStart[] = [];
    const loop = new OpenLoop({ ratePerSecond: 1_000, start: (at) => (starts.push(at), 10) });
    loop.begin();
    pass(20);
    loop.end();
    expect(starts).toHaveLength(3);
    expect((starts[1]?.intendedAtMs ?? 0) - (starts[0]?.intendedAtMs ?? 0)).toBeCloseTo(10, 5);
  });

  it('stands still at rate 0 and does not catch up afterwards', () => {
    const starts: ScheduledStart[] = [];
    const loop = new OpenLoop({ ratePerSecond: 0, start: (at) => (starts.push(at), 1) });
    loop.begin();
    pass(1_000);
    expect(starts).toEqual([]);
    const resumedAtMs = nowMs;
    loop.setRate(10);
    pass(TICK_MS);
    loop.end();
    expect(starts.map(({ intendedAtMs }) => intendedAtMs)).toEqual([resumedAtMs]);
  });

  it('reports its own stall and drops what it missed in a long one', () => {
    const late: number[] = [];
    const loop = new OpenLoop({ ratePerSecond: 100, start: (at) => (late.push(at.lateMs), 1) });
    loop.begin();
    pass(30);
    stall(2_200);
    pass(30);
    loop.end();
    expect(loop.summary().droppedMs).toBeGreaterThan(2_000);
    expect(late.length).toBeLessThan(10);
  });
});
