import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ProgressFile } from '../../contention/progress-file';
import { addRound, judgeRounds, NO_ROUNDS, type RoundResult } from '../../contention/round-result';
import { EMPTY_TALLY, Tally, type TallySummary } from '../../contention/traffic/tally';
import { type GrantRequests, type Recorded } from '../../contention/traffic/grant-requests';
import { type Operation } from '../../contention/history/operation';

const WANTED = { operations: 10, requests: 10, switchovers: 1, contendedShare: 0.2 };
const GOOD: TallySummary = { ...EMPTY_TALLY, grants: 100, spanning: 3, operations: 200, contended: 50 };

function round(tally: Partial<TallySummary> = {}, switchover: Partial<RoundResult['switchover']> = {}): RoundResult {
  const moved = { attempts: 1, holdMs: 90, drainMs: 10, refused: 0, ...switchover };
  return {
    tally: { ...GOOD, ...tally },
    switchover: moved,
    requests: 300,
    reads: 200,
    wrongReads: 0,
    durationMs: 1_000,
    complaints: [],
  };
}

const badOf = (...rounds: readonly RoundResult[]) =>
  judgeRounds(rounds.reduce(addRound, NO_ROUNDS), WANTED).flatMap(({ what, holds }) => (holds ? [] : [what]));

describe('a run', () => {
  it('is good where all that was wanted holds', () => {
    expect(badOf(round(), round())).toEqual([]);
  });

  it.each<[string, RoundResult, string]>([
    ['a history is broken', round({ broken: 1 }), "every history can have been one Hydra's"],
    ['a request failed', round({ failed: 1, failures: { 'refresh: no answer': 1 } }), 'no request failed'],
    ['a read was wrong', { ...round(), wrongReads: 1 }, 'no read was answered wrongly'],
    ['a write met a guard', round({}, { refused: 1 }), 'no write met a guard'],
    ['nobody knows whether a write met a guard', round({}, { refused: null }), 'no write met a guard'],
    ['too many histories are undecided', round({ undecided: 2 }), 'too wide to be decided: at most 1.0 %'],
    ['too little is contended', round({ contended: 20 }), 'contended: at least 20.0 %'],
    ['no history spans its switchover', round({ spanning: 0 }), 'some history spans its switchover'],
    ['there are too few operations', round({ operations: 5, contended: 5 }), 'operations on grants: at least 10'],
  ])('is bad where %s', (_what, one, claim) => {
    expect(badOf(one)).toEqual([claim]);
  });

  it('that something ended before its time is bad, whatever its rounds are', () => {
    const claims = judgeRounds(addRound(NO_ROUNDS, round()), WANTED, 'no attempt was committed');
    expect(claims.filter(({ holds }) => !holds)).toEqual([
      { what: 'it came to its end', holds: false, observed: 'no attempt was committed' },
    ]);
  });

  it('is bad when nothing happened', () => {
    expect(badOf()).not.toEqual([]);
  });

  it('goes on from its progress file, without a line that was cut off', () => {
    const folder = mkdtempSync(join(tmpdir(), 'progress-'));
    try {
      const file = join(folder, 'rounds.jsonl');
      expect(new ProgressFile(file).read()).toEqual([]);
      new ProgressFile(file).append(round());
      appendFileSync(file, '{"tally":');
      expect(new ProgressFile(file).read()).toEqual([round()]);
      new ProgressFile(file).append(round());
      expect(new ProgressFile(file).read()).toEqual([round(), round()]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('the tally of a grant', () => {
  const redeemed: Operation = {
    ...{ kind: 'redeem', at: 0, until: 1 },
    answer: { is: 'tokens', access: 'a1', refresh: 'r1', byBlue: true },
  };
  const refresh = (at: number, until: number): Operation => ({
    ...{ kind: 'refresh', token: 'r1', at, until },
    answer: { is: 'unknown' },
  });
  const judged = (...recorded: readonly Recorded[]) => {
    const tally = new Tally();
    tally.moved(4, 5);
    tally.judge({ recorded, history: recorded.map(({ operation }) => operation) } as unknown as GrantRequests);
    return tally.summary;
  };
  const known = (operation: Operation): Recorded => ({ operation, endedAt: operation.until, why: undefined });

  it('takes a server error for what Hydra says in a race, and for a failure where there is none', () => {
    const inRace = judged(known(redeemed), { operation: refresh(0.5, Infinity), endedAt: 3, why: '500 server_error' });
    expect(inRace).toMatchObject({ failed: 0, broken: 0 });
    const alone = judged(known(redeemed), { operation: refresh(2, Infinity), endedAt: 3, why: '500 server_error' });
    expect(alone).toMatchObject({ failed: 1, failures: { 'refresh: 500 server_error, before the switchover': 1 } });
  });

  it.each(['no answer', '503', '502', '504'])('takes %s for a failure, in a race too', (why) => {
    expect(judged(known(redeemed), { operation: refresh(0.5, Infinity), endedAt: 3, why })).toMatchObject({
      failed: 1,
    });
  });

  it('spans a switchover with an answer on each side of it', () => {
    const read = (at: number): Recorded =>
      known({ kind: 'introspect', token: 'a1', at, until: at + 1, answer: { is: 'active' } });
    expect(judged(known(redeemed), read(2)).spanning).toBe(0);
    expect(judged(known(redeemed), read(8)).spanning).toBe(1);
  });

  it('keeps a history that is wrong, for people', () => {
    const wrong = judged(
      known(redeemed),
      known({ kind: 'introspect', token: 'a1', at: 2, until: 3, answer: { is: 'inactive' } }),
    );
    expect(wrong).toMatchObject({ broken: 1, shown: [expect.stringContaining('introspect a1 -> inactive')] });
  });
});
