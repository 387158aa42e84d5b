import { mkdtempSync, rmSync, appendFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type SwitchoverReceipt } from '../../../domain/receipts';
import { fitLine, type MeasuredRound, percentile, splitSamples, windowOf } from '../../../bench/switchover/figures';
import { goalsOf } from '../../../bench/switchover/goals';
import { ParkedReads } from '../../../bench/switchover/parked-reads';
import { EMPTY_TALLY } from '../../contention/traffic/tally';

const receipt = (holdMs: number, hold: number) =>
  ({
    ...{ outcome: 'committed', attempt: 1, epoch: 1, holdMs, heldAt: '2026-11-29T12:00:00.000Z', refused: 0 },
    ...{
      stepsMs: { stage: 50, hold },
      targets: [],
      lastRound: { rounds: 1, changes: 0, rows: 0, backlog: 0 },
      staleChallenges: 0,
    },
  }) satisfies Extract<SwitchoverReceipt, { outcome: 'committed' }>;

/** Rounds in which every goal is met. */
function rounds(change: Partial<MeasuredRound> = {}): readonly MeasuredRound[] {
  const round = (lagMs: number | null): MeasuredRound => ({
    ...{ lagMs, roundTripMs: (lagMs ?? 0) + 0.5, attempts: 1, wrongReads: 0, readersParked: 0 },
    ...{
      receipt: receipt(50 + 10 * (lagMs ?? 0), 20),
      before: Array<number>(100).fill(5),
      during: Array<number>(100).fill(6),
    },
    load: { tally: { ...EMPTY_TALLY, grants: 5 }, requests: 100, slow: 5 },
    ...change,
  });
  return [...Array<null>(20).fill(null), 0, 1, 2, 5].map(round);
}
const missed = (change: Partial<MeasuredRound>) =>
  goalsOf(rounds(change)).flatMap(({ what, isMet }) => (isMet ? [] : [what]));

describe('the figures of a switchover', () => {
  it('fit a line through what each round trip costs', () => {
    expect(
      fitLine([
        [0, 30],
        [1, 40],
        [2, 50],
        [5, 80],
      ]),
    ).toEqual({ a: 30, b: 10 });
    expect(
      fitLine([
        [1, 30],
        [1, 40],
      ]).b,
    ).toBeNaN();
  });

  it('take percentiles of what there is, and none of nothing', () => {
    expect([percentile([3, 1, 2], 0.5), percentile([3, 1, 2], 0.99), percentile([], 0.5)]).toEqual([2, 3, NaN]);
  });

  it('put a question into the window that it was open in, and into the time before if it was answered before', () => {
    const window = windowOf(receipt(100, 20));
    const at = (offset: number, took: number, isRight = true) => [window.from + offset, took, isRight] as const;
    const samples = [at(-4_000, 1), at(-100, 7), at(-5, 8), at(140, 9), at(151, 10, false)];
    expect(window.to - window.from).toBe(150);
    expect(splitSamples(samples, window)).toEqual({ before: [7], during: [8, 9], wrongReads: 1 });
  });

  it('are all met where they are met', () => {
    expect(missed({})).toEqual([]);
  });

  it.each<[string, Partial<MeasuredRound>]>([
    ['readers parked', { readersParked: 1 }],
    ['introspection', { during: Array<number>(100).fill(6.1) }],
    ['introspection', { before: [5], during: [5] }],
    ['failed requests', { load: { tally: { ...EMPTY_TALLY, grants: 5, failed: 1 }, requests: 1, slow: 0 } }],
    ['oracle clean', { load: { tally: { ...EMPTY_TALLY, grants: 5, broken: 1 }, requests: 1, slow: 0 } }],
    ['oracle clean', { wrongReads: 1 }],
    ['oracle clean', { receipt: { ...receipt(50, 20), refused: null } }],
  ])('miss "%s" where it is missed', (what, change) => {
    expect(missed(change)).toContainEqual(expect.stringContaining(what));
  });

  it('miss the limits of writers, and the line where each round trip costs more than twelve', () => {
    expect(missed({ receipt: receipt(300, 20) })).toEqual(
      expect.arrayContaining([
        expect.stringContaining('p50'),
        expect.stringContaining('the same, p99'),
        expect.stringContaining('longest'),
      ]),
    );
    const steep = rounds().map((round) => ({ ...round, receipt: receipt(50 + 13 * (round.lagMs ?? 0), 20) }));
    expect(
      goalsOf(steep)
        .filter(({ isMet }) => !isMet)
        .map(({ observed }) => observed),
    ).toEqual([expect.stringContaining('13.0 x RTT')]);
  });
});

describe('reads that were parked', () => {
  it('are counted once, of whole lines, and writes are none', () => {
    const folder = mkdtempSync(join(tmpdir(), 'parked-'));
    try {
      const file = join(folder, 'log');
      const line = (listener: string, method: string, path: string, parkedMs?: number) =>
        `${JSON.stringify({ listener, method, path, parkedMs })}\n`;
      const read = line('admin', 'POST', '/admin/oauth2/introspect', 20);
      writeFileSync(
        file,
        read + line('public', 'POST', '/oauth2/token', 20) + line('public', 'GET', '/userinfo') + read.slice(0, 20),
      );
      const parked = new ParkedReads(file);
      expect(parked.countNew()).toBe(1);
      appendFileSync(file, read.slice(20));
      expect(parked.countNew()).toBe(1);
      expect(parked.countNew()).toBe(0);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
