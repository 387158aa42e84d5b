import { Brake } from '../../../activities/brake';
import { type SourceLoad, applyBrake, overload } from '../../../domain/brake';
import { type BrakeState } from '../../../domain/runbook';

const CALM: SourceLoad = { replicationLagMs: null, activeSessions: null, probeMs: 1 };
const LIMITS = { rowsPerSecond: null, replicationLagMsMax: 30_000, activeSessionsMax: null, probeMsMax: 1_000 };
const AT = '2026-03-01T12:00:00.000Z';
const SET: BrakeState = { paused: false, rowsPerSecond: null, by: 'bob', at: AT };

describe('the brake on the reading of blue', () => {
  it('lets everything pass while nothing is set and blue has room', async () => {
    const { brake, said } = brakeOn({});
    await brake.pass(new AbortController().signal);
    brake.took(1_000_000);
    await brake.pass(new AbortController().signal);
    expect(said).toEqual([]);
  });

  it('waits while it is paused, says by whom, and ends with the reason of whoever stops it', async () => {
    const stop = new AbortController();
    const { brake, said } = brakeOn({
      state: { ...SET, paused: true, note: 'incident' },
      onSay: () => stop.abort(new Error('enough')),
    });
    await expect(brake.pass(stop.signal)).rejects.toThrow();
    expect(said).toEqual([`paused by bob at ${AT} (incident)`]);
  });

  it('waits for as many rows as it took', async () => {
    const stop = new AbortController();
    const { brake, said } = brakeOn({
      state: { ...SET, rowsPerSecond: 10 },
      onSay: () => stop.abort(new Error('enough')),
    });
    await brake.pass(new AbortController().signal);
    brake.took(1_000);
    await expect(brake.pass(stop.signal)).rejects.toThrow();
    expect(said).toEqual(['at most 10 rows of blue a second']);
  });

  it('slows down by itself while blue is loaded, and says why', async () => {
    const loads = [{ ...CALM, probeMs: 5_000 }, CALM];
    const { brake, said } = brakeOn({ load: () => loads.shift() ?? CALM });
    await brake.pass(new AbortController().signal);
    expect(said[0]).toContain('a look at one row of blue took 5000 ms (allowed 1000)');
    expect(said.at(-1)).toBeNull();
  });

  it('names every limit that blue is over, and none that it cannot be seen by or is not looked at', () => {
    const limits = { rowsPerSecond: null, replicationLagMsMax: 10, activeSessionsMax: 5, probeMsMax: 100 };
    expect(overload({ replicationLagMs: 10, activeSessions: 5, probeMs: 100 }, limits)).toBeNull();
    expect(overload({ replicationLagMs: null, activeSessions: null, probeMs: 1 }, limits)).toBeNull();
    expect(overload({ replicationLagMs: 11, activeSessions: 6, probeMs: 101 }, limits)?.split('; ')).toHaveLength(3);
    expect(overload({ replicationLagMs: 1e9, activeSessions: 1e9, probeMs: 1 }, LIMITS)?.split('; ')).toHaveLength(1);
  });

  it('takes what a message says, keeps what it leaves out, and refuses what is none', () => {
    const paused = applyBrake({ paused: true, by: ' bob ' }, null, AT);
    expect(paused).toEqual({ ...SET, paused: true });
    expect(applyBrake({ rowsPerSecond: 5, by: 'eve', note: 'slow' }, paused, AT)).toEqual({
      paused: true,
      rowsPerSecond: 5,
      by: 'eve',
      note: 'slow',
      at: AT,
    });
    expect(applyBrake({ rowsPerSecond: null, by: 'bob' }, { ...SET, rowsPerSecond: 5 }, AT).rowsPerSecond).toBeNull();
    for (const wrong of [null, [], 'x', {}, { paused: true }, { by: 'bob' }, { paused: 'yes', by: 'bob' }]) {
      expect(() => applyBrake(wrong, null, AT)).toThrow();
    }
    for (const rowsPerSecond of [0, -1, 1.5, Infinity, '5']) {
      expect(() => applyBrake({ rowsPerSecond, by: 'bob' }, null, AT)).toThrow('rowsPerSecond');
    }
  });
});

function brakeOn(given: {
  readonly state?: BrakeState;
  readonly load?: () => SourceLoad;
  readonly onSay?: () => void;
}): {
  readonly brake: Brake;
  readonly said: (string | null)[];
} {
  const said: (string | null)[] = [];
  const brake = new Brake(LIMITS, {
    side: 'blue',
    state: () => Promise.resolve(given.state ?? null),
    load: () => Promise.resolve(given.load?.() ?? CALM),
    say: (reason) => {
      said.push(reason);
      given.onSay?.();
    },
  });
  return { brake, said };
}
