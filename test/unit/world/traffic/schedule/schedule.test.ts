import { setTimeout as sleep } from 'node:timers/promises';
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
  it('goes on starting by the clock although nothing is ever answered', async () => {
    const starts: ScheduledStart[] = [];
    const loop = new OpenLoop({ ratePerSecond: 500, start: (at) => (starts.push(at), 1) });
    loop.begin();
    while (starts.length < 50) await sleep(5);
    loop.end();
    const gaps = starts.slice(1).map((at, index) => at.intendedAtMs - (starts[index]?.intendedAtMs ?? 0));
    // The intended times are exact however late the timer was.
    for (const gap of gaps.slice(0, 10)) expect(gap).toBeCloseTo(2, 5);
    expect(loop.summary().lateness.count).toBe(starts.length);
  });

  it('gives an operation of several requests the time of several', async () => {
    const starts: ScheduledStart[] = [];
    const loop = new OpenLoop({ ratePerSecond: 1_000, start: (at) => (starts.push(at), 10) });
    loop.begin();
    while (starts.length < 3) await sleep(5);
    loop.end();
    expect((starts[1]?.intendedAtMs ?? 0) - (starts[0]?.intendedAtMs ?? 0)).toBeCloseTo(10, 5);
  });

  it('stands still at rate 0 and does not catch up afterwards', async () => {
    const starts: ScheduledStart[] = [];
    const loop = new OpenLoop({ ratePerSecond: 0, start: (at) => (starts.push(at), 1) });
    loop.begin();
    await sleep(50);
    expect(starts).toEqual([]);
    const resumedAtMs = performance.now();
    loop.setRate(10);
    while (starts.length === 0) await sleep(5);
    loop.end();
    expect(starts[0]?.intendedAtMs).toBeGreaterThanOrEqual(resumedAtMs);
  });

  it('reports its own stall and drops what it missed in a long one', async () => {
    const late: number[] = [];
    const loop = new OpenLoop({ ratePerSecond: 100, start: (at) => (late.push(at.lateMs), 1) });
    loop.begin();
    await sleep(30);
    const until = performance.now() + 2_200;
    while (performance.now() < until);
    await sleep(30);
    loop.end();
    expect(loop.summary().droppedMs).toBeGreaterThan(2_000);
    expect(late.length).toBeLessThan(100);
  });
});
