import { ANSWERS, answerToRefusal } from '../../../../gateway/core/answers';
import { type ForwardedRequest, type RewriteFeature, type Rewritten } from '../../../../gateway/core/feature';
import { PARK_REFUSALS } from '../../../../gateway/core/hold-queue';
import { vouchedIntrospection, type IntrospectionSaid } from '../../../../gateway/core/introspection';
import { KeyTrials } from '../../../../gateway/core/key-trials';
import { Observer } from '../../../../gateway/core/observer';
import { OAuthAnswerReader } from '../../../../gateway/core/oauth-answer';
import { mayRepeat } from '../../../../gateway/core/repeat';
import { readRequestHead, type RequestHead } from '../../../../gateway/core/request-head';
import { kindOfRequest } from '../../../../gateway/core/request-kind';
import { rewriteRequest } from '../../../../gateway/core/rewrite-request';
import { SessionCookies } from '../../../../gateway/core/session-cookies';
import { Shadow } from '../../../../gateway/core/shadow';
import { answerToStale } from '../../../../gateway/core/stale-challenge';
import { targetAt } from '../../../../gateway/core/target-at';
import { BODY_LIMIT_BYTES, refusedUnread } from '../../../../gateway/core/unread-body';
import { ManualClock } from '../support/manual-clock';

function head(method: string, target: string, rawHeaders: readonly string[] = []): RequestHead {
  const read = readRequestHead({
    ...{ method, target, clientAddress: '192.0.2.1', maxHeaderCount: 100 },
    rawHeaders: ['Host', 'x', ...rawHeaders],
  });
  if (!read.ok) throw new Error(read.message);
  return read;
}

describe('a request whose side closed the connection', () => {
  const lost = { method: 'GET', kind: 'read', hasBody: false, reused: true, isRepeat: false } as const;
  it.each([
    ['is repeated where it only reads', lost, true],
    ['is repeated where its method is safe', { ...lost, kind: 'write' as const }, true],
    ['is repeated where it only reads, whatever its method', { ...lost, method: 'POST' }, true],
    ['is not where it may have done something', { ...lost, method: 'POST', kind: 'write' as const }, false],
    ['is not where it had a body', { ...lost, hasBody: true }, false],
    ['is not on a connection that was new', { ...lost, reused: false }, false],
    ['is not a second time', { ...lost, isRepeat: true }, false],
  ])('%s', (_title, call, expected) => expect(mayRepeat(call)).toBe(expected));
});

describe('what an introspection says', () => {
  const ACTIVE = { status: 200, text: '{"active":true}' };
  const INACTIVE = { status: 200, text: '{"active":false}' };
  const vouched = async (ready: readonly boolean[], answers: readonly IntrospectionSaid[], isReady = true) => {
    const [looks, asked] = [[...ready], [...answers]];
    const check = () => Promise.resolve(looks.shift() ?? true);
    const ask = async () => asked.shift() ?? Promise.reject(new Error('asked once more'));
    const said = await vouchedIntrospection({ isReady, check }, ask, () => false);
    return [typeof said === 'string' ? said : said.text, answers.length - asked.length];
  };
  it.each([
    ['is relayed when the token is active', [], [ACTIVE], [ACTIVE.text, 1]],
    [
      'is relayed after a second "inactive", with a database seen after each',
      [true, true],
      [INACTIVE, INACTIVE],
      [INACTIVE.text, 2],
    ],
    ['is relayed when the second look finds the token', [true], [INACTIVE, ACTIVE], [ACTIVE.text, 2]],
    ['is worth nothing when the database is away after the first', [false], [INACTIVE], ['side_not_ready', 1]],
    ['is worth nothing when it is away after the second', [true, false], [INACTIVE, INACTIVE], ['side_not_ready', 2]],
    ['counts as "inactive" when nobody can read it', [false], [{ status: 200, text: '{' }], ['side_not_ready', 1]],
    ['is relayed when its status claims nothing', [], [{ status: 401, text: 'no' }], ['no', 1]],
  ])('%s', async (_title, ready, answers, expected) => {
    expect(await vouched(ready, answers)).toEqual(expected);
  });

  it('is not asked for while the side is not ready, nor for a client that left', async () => {
    expect(await vouched([false], [], false)).toEqual(['side_not_ready', 0]);
    const ready = { isReady: true, check: () => Promise.resolve(true) };
    expect(
      await vouchedIntrospection(
        ready,
        () => Promise.reject(new Error('asked')),
        () => true,
      ),
    ).toBe('gone');
  });

  it('has to be here in full first', () => {
    const asked = head('POST', '/admin/oauth2/introspect', ['Content-Length', String(BODY_LIMIT_BYTES + 1)]);
    expect(refusedUnread(asked)).toBe('body_too_large');
    expect(refusedUnread({ ...asked, contentLength: BODY_LIMIT_BYTES })).toBeUndefined();
    expect(refusedUnread({ ...asked, target: '/admin/clients' })).toBeUndefined();
  });
});

describe('each side by its version', () => {
  const generations = { blue: 1, green: 2 } as const;
  const cookies = () => {
    const seen: string[] = [];
    const feature = new SessionCookies({
      cookieName: 'session',
      generationOf: (side) => generations[side],
      translate: (generation, value) => (value === 'foreign' ? `of-${generation}` : undefined),
      onTranslated: () => seen.push('translated'),
    });
    return { feature, seen };
  };

  it.each([
    ['blue', 'a=1; session=of-1;session=other; b=session=foreign'],
    ['green', 'a=1; session=of-2;session=other; b=session=foreign'],
  ] as const)('gets the session cookie of the other one in its own form: %s', (side, expected) => {
    const { feature, seen } = cookies();
    const headers = ['X', 'session=foreign', 'cookie', 'a=1; session=foreign;session=other; b=session=foreign'];
    feature.onHeaders({ side, headers });
    expect(headers).toEqual(['X', 'session=foreign', 'cookie', expected]);
    expect(seen).toHaveLength(1);
  });

  it.each([
    [1, 'admin', '/admin/clients?a', '/clients?a'],
    [2, 'admin', '/clients?a', '/admin/clients?a'],
    [1, 'public', '/admin/clients', '/admin/clients'],
    [2, 'public', '/oauth2/token', '/oauth2/token'],
  ] as const)('gets its own paths: generation %i, %s %s', (generation, listener, asked, expected) => {
    expect(targetAt(generation, listener, asked)).toBe(expected);
  });

  it('counts as read only what is one in all versions that a side may be', () => {
    const kindOf = kindOfRequest(generations);
    expect(kindOf('admin', 'GET', '/admin/clients')).toBe('read');
    expect(kindOf('admin', 'GET', '/clients')).toBe('read');
    expect(kindOf('admin', 'DELETE', '/clients/a')).toBe('write');
    expect(kindOf('public', 'GET', '/oauth2/auth')).toBe('write');
    expect(kindOf('public', 'GET', '/clients')).toBe('write');
  });
});

describe('what a side gets', () => {
  const feature = (
    name: string,
    on: string,
    change: (request: ForwardedRequest) => Rewritten | undefined,
  ): RewriteFeature => ({
    name,
    rewrites: (_listener, _method, target) => target.startsWith(on),
    onForward: change,
  });

  it('is what each feature makes of what the one before it made', () => {
    const body = Buffer.from('a=1');
    const made = rewriteRequest(
      [
        feature('moves', '/a', () => ({ target: '/b' })),
        feature('never', '/a', () => ({ target: '/c' })),
        feature('leaves', '/b', () => undefined),
        feature('writes', '/b', ({ target, body: seen }) => ({
          headers: ['X-Was', target],
          body: Buffer.from(`${Buffer.from(seen ?? []).toString()}&b=2`),
        })),
      ],
      { listener: 'public', side: 'green', head: head('POST', '/a'), body },
    );
    expect([made.head.target, made.head.headers, Buffer.from(made.body ?? []).toString()]).toEqual([
      '/b',
      ['X-Was', '/b'],
      'a=1&b=2',
    ]);
  });
});

it('a request that could not wait is answered so that its client tries again', () => {
  for (const why of PARK_REFUSALS) expect(ANSWERS[answerToRefusal(why)]).toMatchObject({ status: 503 });
  expect(answerToRefusal('too_many_bytes')).toBe('held_queue_full');
  expect(answerToRefusal('in_doubt')).toBe('in_doubt');
});

it('a stale challenge sends the browser to where it began, and the login app is told to', () => {
  const url = 'https://a.test/oauth2/auth?x=ž';
  expect(answerToStale('public', url)).toMatchObject({
    status: 302,
    headers: { Location: 'https://a.test/oauth2/auth?x=%C5%BE', 'Cache-Control': 'no-store' },
  });
  expect(answerToStale('admin', url)).toMatchObject({ status: 410, body: JSON.stringify({ redirect_to: url }) });
});

describe('whoever watches', () => {
  function watching(generations: { blue: 1 | 2; green: 1 | 2 } = { blue: 1, green: 2 }) {
    const seen: string[] = [];
    const kept = { wrote: () => seen.push('write'), saw: ({ kind }: { kind: string }) => seen.push(kind) };
    const shadow = new Shadow({
      ...{ clock: new ManualClock(), stamp: () => '', hash: (text: string) => text },
      ask: (side) => {
        seen.push(`asked ${side}`);
        return Promise.resolve(undefined);
      },
    });
    const opens = (headers: readonly string[]) => (headers.length > 0 ? false : undefined);
    const keys = new KeyTrials({ trials: [{ keys: () => 1, feature: 'f', opens }] }, new ManualClock(), (feature) =>
      seen.push(`foreign ${feature}`),
    );
    return { seen, shadow, observer: new Observer(kept, generations, shadow, keys) };
  }
  const paged = head('GET', '/clients?limit=1');
  const reader = () => new OAuthAnswerReader({ endpoint: 'clients', grant: 'none' });

  it('counts what green would answer otherwise once blue has taken it, and nothing of green', () => {
    const { seen, observer } = watching();
    const ask = (side: 'blue' | 'green', status: number) => {
      const answer = reader();
      const watched = observer.watch({ listener: 'admin', side, head: paged, body: undefined, reader: answer });
      answer.onHead(status, []);
      watched?.answered(answer, 1);
    };
    ask('blue', 500);
    ask('green', 200);
    expect(seen).toEqual([]);
    ask('blue', 200);
    expect(seen).toEqual(['paging']);
  });

  it('suspects nobody where blue is a 2.x, and counts writes of either side', () => {
    const { seen, observer } = watching({ blue: 2, green: 2 });
    expect(
      observer.watch({ listener: 'admin', side: 'blue', head: paged, body: undefined, reader: reader() }),
    ).toBeUndefined();
    for (const side of ['blue', 'green'] as const) {
      const request = { listener: 'admin', side, head: head('DELETE', '/clients/a'), body: undefined } as const;
      observer.watch({ ...request, reader: reader() });
    }
    expect(seen).toEqual(['write', 'write']);
  });

  it('tries the keys of this gateway on what blue makes at a login, and on nothing else', () => {
    const { seen, observer } = watching();
    const ask = (side: 'blue' | 'green', endpoint: 'authorize' | 'discovery') => {
      const answer = new OAuthAnswerReader({ endpoint, grant: 'none' });
      const request = { listener: 'public', side, head: head('HEAD', '/oauth2/auth'), body: undefined } as const;
      const watched = observer.watch({ ...request, reader: answer });
      answer.onHead(302, ['Location', 'x']);
      watched?.answered(answer, 1);
    };
    ask('green', 'authorize');
    ask('blue', 'discovery');
    expect(seen).toEqual([]);
    ask('blue', 'authorize');
    expect(seen).toEqual(['foreign f']);
  });

  it('asks green the same, with the headers as they came, only after blue has answered', () => {
    const { seen, shadow, observer } = watching();
    const hydraVersion = { blue: '1.11.10', green: '2.3.0' } as const;
    shadow.order({ cutoverId: 'c', hydraVersion, requestsPerSecondMax: 10, rampMs: 0, leaseMs: 60_000 });
    const answer = reader();
    const asked = head('GET', '/clients/a');
    const watched = observer.watch({ listener: 'admin', side: 'blue', head: asked, body: undefined, reader: answer });
    answer.onHead(200, []);
    answer.onData(Buffer.from('{}'));
    expect(seen).toEqual([]);
    watched?.answered(answer, 1);
    expect(seen).toEqual(['asked green']);
  });
});
