import { shadowLines } from '../../../../domain/shadow';
import { Shadow } from '../../../../gateway/core/shadow';
import { differingFields, shadowQuestion, type ShadowAnswer } from '../../../../gateway/core/shadow-question';
import { copyPathOf } from '../../../../hydra/paths';
import { differencesOf } from '../../../../hydra/paths/differences';
import { PATHS } from '../../../../hydra/paths/registry';
import { ManualClock, settle } from '../support/manual-clock';

const ORDER = {
  cutoverId: 'c1',
  hydraVersion: { blue: '1.11.10', green: '2.3.0' },
  ...{ rampMs: 0, requestsPerSecondMax: 100, leaseMs: 1_000 },
} as const;
const TO_2_3_0 = differencesOf(ORDER.hydraVersion);
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

  it('does not take for compared what differs and has no room to wait, nor forget what has none among the findings', async () => {
    const { clock, answers, shadow, ask, rounds } = setUp();
    shadow.order({ ...ORDER, requestsPerSecondMax: 1_000 });
    answers.green = INACTIVE;
    for (let index = 0; index < 210; index += 1) await ask();
    expect(shadow.view()).toMatchObject({ compared: 200, waiting: 200, leftOut: 10 });
    await clock.advance(1);
    await rounds(60);
    expect(shadow.view()).toMatchObject({ waiting: 0, findings: [{ count: 200 }], furtherFindings: 0 });
    expect(shadowLines([shadow.view(), { ...shadow.view(), furtherFindings: 3 }])).toEqual([
      expect.stringContaining('introspection: active lost, sub lost (1 keys, 400 times'),
      expect.stringContaining('in 3 more answers'),
    ]);
  });

  it('goes by the way that is gone: what a newer Hydra calls otherwise is a finding on the way to another', async () => {
    const consents = (request: object): ShadowAnswer => ({
      status: 200,
      body: JSON.stringify([{ consent_request: { subject: 'a', ...request } }]),
    });
    const asked = { ...REQUEST, method: 'GET', target: '/oauth2/auth/sessions/consent?subject=a', body: undefined };
    const found = async (green: '2.3.0' | '26.2.0') => {
      const { answers, shadow } = setUp();
      answers.blue = consents({ challenge: 'c' });
      answers.green = consents({ challenge: '', consent_request_id: 'c' });
      const order = () => shadow.order({ ...ORDER, hydraVersion: { blue: '1.11.10', green } });
      order();
      shadow.answered('consent', asked, answers.blue, 1);
      await settle();
      for (let round = 0; round < 4; round += 1) {
        order();
        await settle();
      }
      return shadow.view().findings.map(({ fields }) => fields);
    };
    expect(await found('26.2.0')).toEqual([]);
    expect(await found('2.3.0')).toEqual([['[].consent_request.consent_request_id added']]);
  });

  it.each(PATHS)('expects from $from to $to what the way itself does', ({ from: blue, to: green }) => {
    expect(differencesOf({ blue, green })).toBe(copyPathOf({ blue, green }).differences);
    expect(differencesOf({ blue: green, green: blue })).toEqual([]);
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
    expect(differingFields(TO_2_3_0, 'consent', consents('a', 'b'), consents('b', 'a'))).toEqual([]);
    expect(differingFields(TO_2_3_0, 'consent', consents('a'), consents())).toEqual(['(all) lost']);
    expect(differingFields(TO_2_3_0, 'introspection', ACTIVE, { status: 401, body: '' })).toEqual(['(status)']);
    expect(differingFields(TO_2_3_0, 'introspection', ACTIVE, { status: 503, body: '' })).toBeUndefined();
  });
});
