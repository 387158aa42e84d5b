import { PacedRelease } from '../../../../gateway/core/paced-release';
import { ManualClock } from '../support/manual-clock';

/** So many that wait, let go by a release whose requests end when they are told to. */
function held(waiting: number, atOnce: number) {
  const clock = new ManualClock();
  const state = { waiting, inFlight: 0, most: 0, mayGo: true };
  const release = new PacedRelease({
    clock,
    atOnce,
    inFlight: () => state.inFlight,
    waiting: () => state.waiting,
    one: () => {
      if (state.waiting === 0 || !state.mayGo) return false;
      state.waiting -= 1;
      state.inFlight += 1;
      state.most = Math.max(state.most, state.inFlight);
      return true;
    },
  });
  const ended = (): void => {
    state.inFlight -= 1;
    release.goOn();
  };
  return { clock, state, release, ended };
}

describe('those that were held', () => {
  it('are never more at once than a Hydra bears, and all of them go', async () => {
    const { state, release, ended, clock } = held(500, 8);
    release.start();
    expect(state).toMatchObject({ inFlight: 8, waiting: 492 });
    while (state.waiting > 0) ended();
    await clock.advance(1);
    expect(state.most).toBe(8);
    expect(release.isRunning).toBe(false);
    expect(clock.pending).toBe(0);
  });

  it('do not wait for requests that hang: where none ends in five seconds, twice as many go', async () => {
    const { state, release, clock } = held(100, 2);
    release.start();
    for (const inFlight of [2, 4, 8, 16, 32]) {
      expect(state.inFlight).toBe(inFlight);
      await clock.advance(4_999);
      expect(state.inFlight).toBe(inFlight);
      await clock.advance(1);
    }
  });

  it('are no more where one ends now and then, however many come after it', async () => {
    const { state, release, ended, clock } = held(100, 2);
    release.start();
    for (let second = 0; second < 20; second += 4) {
      state.waiting += 1;
      ended();
      await clock.advance(4_000);
    }
    expect(state.most).toBe(2);
  });

  it('go by as many as before where they become fewer', async () => {
    const { state, release, ended, clock } = held(1_000, 4);
    release.start();
    for (let second = 0; second < 5; second += 1) {
      for (let count = 0; count < 10; count += 1) ended();
      await clock.advance(1_000);
    }
    expect(state.most).toBe(4);
  });

  it('stay where they are once none may go any more, and go on from there', async () => {
    const { state, release, ended, clock } = held(100, 4);
    release.start();
    state.mayGo = false;
    ended();
    expect({ ...state, running: release.isRunning }).toMatchObject({ waiting: 96, running: false });
    state.mayGo = true;
    await clock.advance(5_000);
    expect(state.waiting).toBe(96);
    release.start();
    expect(state).toMatchObject({ inFlight: 4, waiting: 95 });
  });

  it('let other work of the process go first, however many may go', async () => {
    const { state, release, clock } = held(1_000, 1_000_000);
    release.start();
    expect(state.waiting).toBe(936);
    await clock.advance(1);
    expect(state.waiting).toBe(0);
    expect(release.isRunning).toBe(false);
  });

  it('of whom each fails at once are no stack without end', async () => {
    const { state, clock } = held(0, 1);
    let left = 100_000;
    const release: PacedRelease = new PacedRelease({
      clock,
      atOnce: 1,
      inFlight: () => 0,
      waiting: () => left,
      one: () => {
        if (left === 0) return false;
        left -= 1;
        release.goOn();
        return true;
      },
    });
    release.start();
    await clock.advance(1);
    expect({ left, inFlight: state.inFlight }).toEqual({ left: 0, inFlight: 0 });
  });
});
