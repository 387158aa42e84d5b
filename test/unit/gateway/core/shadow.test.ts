import { Shadow } from '../../../../gateway/core/shadow';
import { differingFields, shadowQuestion, type ShadowAnswer } from '../../../../gateway/core/shadow-question';
import { ManualClock, settle } from '../support/manual-clock';

const ORDER = { cutoverId: 'c1', rampMs: 0, requestsPerSecondMax: 100, leaseMs: 1_000 };
const REQUEST = {
  listener: 'admin',
  method: 'POST',
  target: '/oauth2/introspect',
  headers: [],
  body: Buffer.from('token=secret-token'),
} as const;
const ACTIVE: ShadowAnswer = { status: 200, body: '{"active":true,"sub":"a"}' };
const INACTIVE: ShadowAnswer = { status: 200, body: '{"active":false}' };

function setUp() {
  const clock = new ManualClock();
  const answers = { blue: ACTIVE as ShadowAnswer | undefined, green: ACTIVE as ShadowAnswer | undefined };
  const asked: string[] = [];
  const shadow = new Shadow({
    clock,
    stamp: () => 'now',
    hash: (text) => `hash of ${text.length}`,
    ask: async (side) => {
      asked.push(side);
      return answers[side];
    },
  });
  const ask = async () => {
    const question = shadow.wants(REQUEST.listener, REQUEST.method, REQUEST.target);
    if (question !== undefined) shadow.answered(question, REQUEST, answers.blue ?? ACTIVE, 3);
    await settle();
    return question;
  };
  const rounds = async (count: number) => {
    for (let round = 0; round < count; round += 1) {
      shadow.order(ORDER);
      await settle();
    }
  };
  return { clock, answers, asked, shadow, ask, rounds };
}

describe('asking green beside blue', () => {
  it('begins with an order, grows to all, and ends by itself when nobody orders any more', async () => {
    const { clock, shadow, ask } = setUp();
    expect(await ask()).toBeUndefined();
    shadow.order({ ...ORDER, rampMs: 1_000, leaseMs: 2_000 });
    await clock.advance(500);
    const half: boolean[] = [];
    for (let index = 0; index < 10; index += 1) half.push((await ask()) !== undefined);
    expect(half.filter(Boolean)).toHaveLength(5);
    await clock.advance(1_000);
    expect(await ask()).toBe('introspection');
    await clock.advance(600);
    expect([await ask(), shadow.view().share]).toEqual([undefined, 0]);
  });

  it('never asks green more often than the limit says', async () => {
    const { clock, shadow, ask, asked } = setUp();
    shadow.order({ ...ORDER, requestsPerSecondMax: 3, leaseMs: 60_000 });
    for (let index = 0; index < 10; index += 1) await ask();
    expect(asked).toEqual(['green', 'green', 'green']);
    expect(shadow.view()).toMatchObject({ compared: 3, leftOut: 7 });
    await clock.advance(1_000);
    await ask();
    expect(asked).toHaveLength(4);
  });

  it('tells what stays different after two rounds, each time it looks, by a hash and names of fields', async () => {
    const { answers, shadow, ask, rounds } = setUp();
    await rounds(1);
    answers.green = INACTIVE;
    await ask();
    await rounds(1);
    expect(shadow.view()).toMatchObject({ waiting: 1, findings: [] });
    await rounds(3);
    expect(shadow.view()).toMatchObject({
      waiting: 0,
      findings: [{ question: 'introspection', fields: ['active lost', 'sub lost'], keyHash: 'hash of 12', count: 1 }],
    });
    shadow.order({ ...ORDER, cutoverId: 'c2' });
    expect(shadow.view()).toMatchObject({ cutoverId: 'c2', findings: [], compared: 0 });
  });

  it('forgets what green has caught up with, and what cannot be asked', async () => {
    const { answers, shadow, ask, rounds } = setUp();
    await rounds(1);
    answers.green = INACTIVE;
    await ask();
    answers.green = ACTIVE;
    await rounds(2);
    expect(shadow.view()).toMatchObject({ waiting: 0, caughtUp: 1, findings: [] });
    answers.green = undefined;
    await ask();
    expect(shadow.view()).toMatchObject({ unanswered: 1 });
  });
});

describe('what is compared', () => {
  it('only reads', () => {
    const asked = [
      shadowQuestion('admin', 'POST', '/oauth2/introspect'),
      shadowQuestion('admin', 'GET', '/oauth2/auth/sessions/consent?subject=a'),
      shadowQuestion('admin', 'GET', '/admin/clients/a'),
      shadowQuestion('public', 'GET', '/userinfo'),
      shadowQuestion('admin', 'DELETE', '/oauth2/auth/sessions/consent?subject=a'),
      shadowQuestion('admin', 'GET', '/oauth2/auth/sessions/consent?subject=a&limit=2'),
      shadowQuestion('admin', 'GET', '/oauth2/auth/requests/login?login_challenge=a'),
      shadowQuestion('public', 'POST', '/oauth2/token'),
      shadowQuestion('public', 'GET', '/oauth2/auth?client_id=a'),
    ];
    expect(asked.slice(0, 4)).toEqual(['introspection', 'consent', 'client', 'userinfo']);
    expect(asked.slice(4)).toEqual([undefined, undefined, undefined, undefined, undefined]);
  });

  it('is the status and the fields, in any order of consents; an error of a server is no answer', () => {
    const consents = (...ids: string[]) => ({
      status: 200,
      body: JSON.stringify(ids.map((challenge) => ({ consent_request: { challenge } }))),
    });
    expect(differingFields('consent', consents('a', 'b'), consents('b', 'a'))).toEqual([]);
    expect(differingFields('consent', consents('a'), consents())).toEqual(['(all) lost']);
    expect(differingFields('introspection', ACTIVE, { status: 401, body: '' })).toEqual(['(status)']);
    expect(differingFields('introspection', ACTIVE, { status: 503, body: '' })).toBeUndefined();
  });
});
