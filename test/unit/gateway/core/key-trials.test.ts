import { challengeTrial, cookieTrial, KeyTrials } from '../../../../gateway/core/key-trials';
import { challengeInLocation } from '../../../../gateway/core/stale-challenge';
import { ManualClock } from '../support/manual-clock';

const OURS = 'made-with-our-key';
const login = (challenge: string) => ['Location', `https://login.example/?tenant=a&login_challenge=${challenge}`];
const csrf = (value: string) => ['Set-Cookie', `oauth2_csrf_of_a_client=${value}; Path=/; HttpOnly`];

function setUp() {
  const clock = new ManualClock();
  const foreign: string[] = [];
  const keys = { cookies: 1, challenges: 1 };
  const trials = new KeyTrials(
    {
      trials: [
        cookieTrial(
          'cookies',
          () => keys.cookies,
          ['session', 'oauth2_csrf'],
          (_name, value) => value === OURS,
        ),
        challengeTrial(
          'challenges',
          () => keys.challenges,
          ({ value }) => value === OURS,
        ),
      ],
    },
    clock,
    (feature) => foreign.push(feature),
  );
  return { clock, foreign, keys, trials };
}

describe('keys of a gateway', () => {
  it('are not known as long as blue has made nothing with its own', () => {
    const { foreign, trials } = setUp();
    trials.look(['Set-Cookie', 'of-a-balancer=1', 'Set-Cookie', 'session=', 'Location', '/relative']);
    expect(trials.view()).toEqual({ cookies: 'unseen', challenges: 'unseen' });
    expect(foreign).toEqual([]);
    expect(new KeyTrials({ trials: [] }, new ManualClock(), () => undefined).areWanted).toBe(false);
  });

  it('fit or do not, each by what is made with it, and by the latest that was tried', async () => {
    const { clock, foreign, trials } = setUp();
    trials.look(['set-cookie', 'other=1', ...csrf(OURS), ...login('another')]);
    expect(trials.view()).toEqual({ cookies: 'fit', challenges: 'foreign' });
    trials.look([...csrf('another'), ...login(OURS)]);
    // So soon it is not tried again.
    expect(trials.view()).toEqual({ cookies: 'fit', challenges: 'foreign' });
    await clock.advance(1_000);
    trials.look([...csrf('another'), ...login('another')]);
    expect(trials.view()).toEqual({ cookies: 'foreign', challenges: 'foreign' });
    expect(foreign).toEqual(['challenges', 'cookies']);
    await clock.advance(1_000);
    trials.look([...csrf(OURS), ...login(OURS)]);
    expect(trials.view()).toEqual({ cookies: 'fit', challenges: 'fit' });
  });

  it('are not known any more once they were renewed, until blue has made something that they can be tried on', () => {
    const { foreign, keys, trials } = setUp();
    trials.look([...csrf(OURS), ...login('another')]);
    Object.assign(keys, { cookies: 2, challenges: 2 });
    expect(trials.view()).toEqual({ cookies: 'unseen', challenges: 'unseen' });
    trials.look([...csrf('another'), ...login('another')]);
    expect(trials.view()).toEqual({ cookies: 'foreign', challenges: 'foreign' });
    expect(foreign).toEqual(['challenges', 'cookies', 'challenges']);
  });
});

it.each([
  ['https://login.example/login?login_challenge=c', 'login_challenge c'],
  ['https://login.example/consent?consent_challenge=c', 'consent_challenge c'],
  ['https://app.example/callback?login_challenge=c&code=1&state=2', undefined],
  ['https://app.example/callback?login_challenge=c#access_token=1', undefined],
  ['https://login.example/login', undefined],
  ['no address', undefined],
])('to %s Hydra sends a browser with %s', (location, expected) => {
  const named = challengeInLocation(location);
  expect(named && `${named.kind} ${named.value}`).toBe(expected);
});
