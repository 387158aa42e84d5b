import {
  RefreshRetries,
  type RefreshRequest,
  type RetrySettings,
  type Spared,
  type WholeAnswer,
} from '../../../../gateway/core/refresh-retries';
import { ManualClock, settle } from '../support/manual-clock';

const FORM = 'grant_type=refresh_token&refresh_token=r1&scope=openid';
const HEADERS = ['Content-Type', 'application/x-www-form-urlencoded', 'Authorization', 'Basic a'];
const BYTES = 100;

function answerOf(status: number): WholeAnswer {
  return { status, reason: '', rawHeaders: [], body: new Uint8Array(BYTES) };
}

function setUp(settings: Partial<RetrySettings> = {}) {
  const clock = new ManualClock();
  const spared: Spared[] = [];
  const retries = new RefreshRetries({
    clock,
    settings: { keepMs: 1_000, maxKept: 3, maxKeptBytes: 10_000, ...settings },
    digest: (text) => text,
    onSpared: (how) => spared.push(how),
  });
  const keyOf = (body: string, other: Partial<RefreshRequest> = {}) =>
    retries.keyOf({
      ...{ listener: 'public', side: 'blue', method: 'POST', target: '/oauth2/token', headers: HEADERS },
      body: new Uint8Array(Buffer.from(body, 'latin1')),
      ...other,
    });
  const answered = async (key: string, status = 200) => {
    const answer = answerOf(status);
    retries.sent(key, Promise.resolve(answer));
    await settle();
    return answer;
  };
  return { clock, retries, spared, keyOf, answered };
}

describe('what is the same refresh', () => {
  const { keyOf } = setUp();
  const key = keyOf(FORM);

  it('is the same whatever the order of its fields, and whatever is said of the connection', () => {
    expect(key).toBeDefined();
    expect(keyOf('scope=openid&refresh_token=r1&grant_type=refresh_token')).toBe(key);
    expect(keyOf(FORM, { headers: ['X-Request-Id', '7', ...HEADERS, 'Content-Length', '9'] })).toBe(key);
  });

  it.each<[string, string, Partial<RefreshRequest>]>([
    ['another token', FORM.replace('r1', 'r2'), {}],
    ['another scope', FORM.replace('openid', 'offline'), {}],
    ['a field more', `${FORM}&audience=x`, {}],
    ['a secret in the form', `${FORM}&client_id=a&client_secret=b`, {}],
    ['bytes that are no text', `${FORM}&client_secret=\xff`, {}],
    ['other bytes that are no text', `${FORM}&client_secret=\xfe`, {}],
    ['a wrong secret', FORM, { headers: [...HEADERS.slice(0, 3), 'Basic b'] }],
    ['no secret', FORM, { headers: HEADERS.slice(0, 2) }],
    ['another origin', FORM, { headers: [...HEADERS, 'Origin', 'https://other'] }],
    ['another side', FORM, { side: 'green' }],
  ])('is another one with %s', (_what, body, other) => {
    const another = keyOf(body, other);
    expect(another).toBeDefined();
    expect(another).not.toBe(key);
    expect(another).not.toBe(keyOf(`${FORM}&client_secret=\xfd`));
  });

  it.each<[string, string, Partial<RefreshRequest>]>([
    ['another grant', FORM.replace('refresh_token', 'authorization_code'), {}],
    ['no token', 'grant_type=refresh_token', {}],
    ['a field that is there twice', `${FORM}&client_secret=a&client%5Fsecret=b`, {}],
    ['a form that older servers split elsewhere', `${FORM}&x=1;client_secret=b`, {}],
    ['more fields than any refresh has', `${FORM}&${Array.from({ length: 62 }, (_, n) => `f${n}`).join('&')}`, {}],
    ['a proof for one request', FORM, { headers: [...HEADERS, 'dpop', 'x'] }],
    ['another body', FORM, { headers: ['Content-Type', 'application/json'] }],
    ['a query', FORM, { target: '/oauth2/token?a=b' }],
    ['another endpoint', FORM, { target: '/oauth2/revoke' }],
    ['another method', FORM, { method: 'PUT' }],
    ['the admin API', FORM, { listener: 'admin' }],
    ['a body that is not here in whole', FORM, { body: undefined }],
  ])('is sent each time: %s', (_what, body, other) => expect(keyOf(body, other)).toBeUndefined());
});

describe('answers to refreshes', () => {
  it('are shared while they are under way, kept for `keepMs`, and gone from memory after it', async () => {
    const { clock, retries, spared, answered } = setUp();
    let resolve: (answer: WholeAnswer) => void = () => undefined;
    const underWay = new Promise<WholeAnswer>((done) => (resolve = done));
    expect(retries.find('a')).toBeUndefined();
    retries.sent('a', underWay);
    expect(retries.find('a')).toBe(underWay);
    const answer = answerOf(200);
    resolve(answer);
    await settle();
    expect(await retries.find('a')).toBe(answer);
    expect(spared).toEqual(['shared', 'kept']);
    await clock.advance(500);
    await answered('b');
    await clock.advance(499);
    expect(retries.keptCount).toBe(2);
    await clock.advance(1);
    expect(retries.keptCount).toBe(1);
    await clock.advance(500);
    expect([retries.keptCount, retries.keptBytes, clock.pending]).toEqual([0, 0, 0]);
  });

  it.each([201, 302, 400, 401, 500])('are not kept with status %d', async (status) => {
    const { retries, answered } = setUp();
    await answered('a', status);
    expect(retries.find('a')).toBeUndefined();
  });

  it('are asked for anew after a failure, which those who waited share', async () => {
    const { retries } = setUp();
    const failed = Promise.reject(new Error('lost'));
    retries.sent('a', failed);
    await expect(retries.find('a')).rejects.toThrow('lost');
    await settle();
    expect(retries.find('a')).toBeUndefined();
  });

  it('take no more than their share of memory: the oldest go first', async () => {
    const { retries, answered } = setUp({ maxKept: 2 });
    for (const key of ['a', 'b', 'c']) await answered(key);
    expect([retries.keptCount, retries.find('a')]).toEqual([2, undefined]);
    const small = setUp({ maxKeptBytes: 600 });
    for (const key of ['a', 'b']) await small.answered(key);
    expect([small.retries.keptCount, small.retries.find('a')]).toEqual([1, undefined]);
    expect(small.retries.keptBytes).toBeLessThanOrEqual(600);
    const none = setUp({ maxKeptBytes: BYTES });
    await none.answered('a');
    expect(none.retries.keptCount).toBe(0);
  });

  it.each(['hold_began', 'applied', 'doubt_began'] as const)(
    'are forgotten on %s, those under way when they come',
    async (kind) => {
      const { retries, answered } = setUp();
      await answered('a');
      let resolve: (answer: WholeAnswer) => void = () => undefined;
      retries.sent('b', new Promise((done) => (resolve = done)));
      retries.onEvent({ kind });
      expect([retries.find('a'), retries.keptCount, retries.keptBytes]).toEqual([undefined, 0, 0]);
      // Sent once more it would be a second use of the token: who comes now still waits for the first.
      expect(retries.find('b')).toBeDefined();
      resolve(answerOf(200));
      await settle();
      expect(retries.find('b')).toBeUndefined();
      await answered('c');
      expect(retries.find('c')).toBeDefined();
    },
  );

  it('stay when nothing of who serves has changed', async () => {
    const { retries, answered } = setUp();
    await answered('a');
    for (const kind of ['hold_ended', 'doubt_ended', 'dropped', 'reads_moved'] as const) retries.onEvent({ kind });
    expect(retries.find('a')).toBeDefined();
  });
});
