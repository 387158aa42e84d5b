import { type OAuthGrant, type OAuthOutcome } from '../../../../domain/oauth-answers';
import { mergeSightings, sightingLines, type Sighting, type SightingKind } from '../../../../domain/sightings';
import { addHours, HOUR_MS, KEPT_HOURS, quietWindow, type HourOfWrites } from '../../../../domain/quiet-hours';
import { cutSecret, presentedClient, presentedSecret } from '../../../../gateway/core/client-secret';
import { readForm, readQuery } from '../../../../gateway/core/form';
import { asPageOf2x, isPagedAs1x } from '../../../../gateway/core/paging';
import { SightingBook, suspicionOf } from '../../../../gateway/core/sightings';
import { isWrite, WriteRates } from '../../../../gateway/core/write-rates';

const FORM = ['content-type', 'application/x-www-form-urlencoded'];
const basic = (pair: string) => ['Authorization', `Basic ${btoa(pair)}`];

describe("a client's secret", () => {
  it('is read as both Hydras read it: Basic first, escaped in both, the first field of a form', () => {
    const read = (headers: readonly string[], body = '') => {
      const presented = presentedSecret(headers, Buffer.from(body));
      return presented && `${presented.clientId} ${Buffer.from(presented.secret).toString('latin1')}`;
    };
    expect(read(basic('a%20b:c%2Bd+e'))).toBe('a b c+d e');
    expect(read([...basic('a:b'), ...FORM], 'client_id=x&client_secret=y')).toBe('a b');
    expect(read(FORM, 'client_secret=1&client_id=x&client%5Fsecret=2')).toBe('x 1');
    expect(read(['Authorization', 'Basic ###', ...FORM], 'client_id=x&client_secret=y')).toBe('x y');
    expect(read(basic('a:%zz'))).toBeUndefined();
    expect(read(['content-type', 'application/json'], 'client_id=x&client_secret=y')).toBeUndefined();
  });

  it('of 72 bytes and less stays as it is, byte for byte', () => {
    expect(cutSecret(basic(`a:${'s'.repeat(72)}`), undefined)).toBeUndefined();
    expect(cutSecret(FORM, Buffer.from(`client_id=a&client_secret=${'%73'.repeat(72)}`))).toBeUndefined();
  });

  it('is cut within a character, and nothing else of the form is touched', () => {
    const secret = `${'s'.repeat(71)}é`;
    const body = `a=%2f+%7e&client_secret=${encodeURIComponent(secret)}&client_id=x&client_secret=other`;
    const cut = cutSecret([...FORM, 'Content-Length', String(body.length)], Buffer.from(body));
    const expected = `a=%2f+%7e&client_secret=${'s'.repeat(71)}%C3&client_id=x&client_secret=other`;
    expect(Buffer.from(cut?.body ?? []).toString()).toBe(expected);
    expect(cut?.headers).toEqual([...FORM, 'Content-Length', String(expected.length)]);
  });

  it('is looked for in no form of thousands of fields, or larger than any: a stranger would keep everybody waiting', () => {
    const ofClient = `client_id=x&client_secret=${'s'.repeat(80)}`;
    const seen = (more: string) => {
      const body = Buffer.from(`${more}${ofClient}`);
      return [presentedSecret(FORM, body)?.clientId, presentedClient(FORM, body), cutSecret(FORM, body) !== undefined];
    };
    expect(seen('a&'.repeat(62))).toEqual(['x', 'x', true]);
    expect(seen('a&'.repeat(63))).toEqual([undefined, undefined, false]);
    expect(seen(`a=${'a'.repeat(64 * 1024)}&`)).toEqual([undefined, undefined, false]);
  });
});

describe('fields that a request asks with', () => {
  it('are not read where nobody has as many: a stranger would keep everybody waiting', () => {
    expect(readForm(FORM, Buffer.from(`${'a&'.repeat(63)}b=1`))?.get('b')).toBe('1');
    expect(readForm(FORM, Buffer.from(`${'a&'.repeat(64)}b=1`))).toBeUndefined();
    expect(readQuery(`/oauth2/auth?${'a&'.repeat(999)}b=1`).get('b')).toBe('1');
    expect(readQuery(`/oauth2/auth?${'a&'.repeat(1_000)}b=1`).get('b')).toBeNull();
    expect(readQuery('/oauth2/auth').size).toBe(0);
  });
});

describe('a page as 1.x asks for it', () => {
  it.each([
    ['GET', '/clients?limit=2', true],
    ['GET', '/admin/oauth2/auth/sessions/consent?subject=a&offset=2', true],
    ['GET', '/clients', false],
    ['GET', '/clients?client_name=limit', false],
    ['GET', '/clients/a?limit=2', false],
    ['DELETE', '/clients?limit=2', false],
  ])('%s %s: %s', (method, target, expected) => {
    expect(isPagedAs1x(method, target)).toBe(expected);
  });

  it('keeps what else is asked for', () => {
    expect(asPageOf2x('/clients?limit=2&offset=4&owner=a%26b')).toBe(
      '/clients?owner=a%26b&page_size=2&page_token=eyJvZmZzZXQiOiI0IiwidiI6Mn0',
    );
  });
});

describe('what was seen', () => {
  const sighting = (kind: SightingKind, who: string, more: Partial<Sighting> = {}): Sighting => ({
    kind,
    who,
    what: 'POST /oauth2/token',
    count: 1,
    firstAt: '2026-01-01T00:00:00.000Z',
    lastAt: '2026-01-02T00:00:00.000Z',
    ...more,
  });

  it('is bounded for each kind, and what has no room is counted', () => {
    const book = new SightingBook(undefined, 'now', 2);
    for (const who of ['a', 'b', 'c', 'a', 'd'.repeat(500)]) {
      book.add({ kind: 'cors_preflight', who, what: 'x' }, 'later');
    }
    book.add({ kind: 'paging', who: 'a', what: 'x' }, 'later');
    const { sightings, beyond } = book.view();
    expect(sightings.map(({ kind, who, count }) => `${kind} ${who} ${count}`)).toEqual([
      'cors_preflight a 2',
      'cors_preflight b 1',
      'paging a 1',
    ]);
    expect(beyond).toMatchObject({ cors_preflight: 2, paging: 0 });
    expect(new SightingBook(book.view(), 'after a restart', 2).view()).toEqual(book.view());
    const { cors_preflight: kept } = beyond;
    const older = { ...book.view(), beyond: { cors_preflight: kept } };
    expect(new SightingBook(older, 'after an update', 2).view()).toEqual(book.view());
  });

  it('by several gateways is one line for each kind, with its cure, or with the feature that all of them have on', () => {
    const seen = mergeSightings([
      [sighting('long_client_secret', 'b'), sighting('paging', '10.0.0.1', { what: 'GET /clients' })],
      [sighting('long_client_secret', 'b', { count: 2, lastAt: '2026-01-03T00:00:00.000Z' })],
      [sighting('long_client_secret', 'a')],
    ]);
    const lines = sightingLines(seen, '2.3.0', new Set(['paging']));
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatch(
      /^2 clients would be refused by 2\.3\.0 .*72 bytes.*: a, b \(POST \/oauth2\/token; 4 times, last at 2026-01-03/,
    );
    expect(lines[0]).toContain('clientSecrets.cutAt72Bytes');
    expect(lines[1]).toMatch(/^1 caller .*; the gateways translate/);
  });

  it.each<[grant: OAuthGrant, outcome: OAuthOutcome, kind: SightingKind, others: OAuthOutcome]>([
    ['refresh_token', 'token_inactive', 'dead_refresh_token', 'ok'],
    ['jwt_bearer', 'ok', 'bearer_assertion', 'invalid_grant'],
  ])('of %s that blue answers with %s is %s, by whoever the client says it is', (grant, outcome, kind, other) => {
    const claims = Buffer.from(JSON.stringify({ sub: 'signs-é' })).toString('base64url');
    const ways: [headers: readonly string[], body: string][] = [
      [basic('by%20basic:secret'), ''],
      [FORM, 'client_id=by-form'],
      [FORM, `client_assertion=x.${claims}.x`],
      [FORM, 'client_assertion=x.%00.x'],
    ];
    const seen = ways.map(([rawHeaders, body]) => {
      const request = {
        listener: 'public',
        method: 'POST',
        target: '/oauth2/token',
        grant,
        rawHeaders,
        caller: 'x',
      } as const;
      const suspicion = suspicionOf({ ...request, body: Buffer.from(body) });
      const isSo = (of: OAuthOutcome) => suspicion?.isSo({ status: 200, outcome: of, allowsOrigin: false });
      expect([suspicion?.kind, isSo(outcome), isSo(other)]).toEqual([kind, true, false]);
      return suspicion?.who();
    });
    expect(seen).toEqual(['by basic', 'by-form', 'signs-é', 'a client that does not say who it is']);
  });

  it.each([
    ['GET', 'client_id=a&scope=openid', '', 'a'],
    ['POST', '', 'client_id=a&scope=x+openid', 'a'],
    ['POST', 'client_id=a&scope=openid&redirect_uri=x', 'client_id=b&redirect_uri=', 'b'],
    ['GET', 'client_id=a&scope=openid', 'redirect_uri=x', 'a'],
    ['POST', 'client_id=a&scope=openid', 'redirect_uri=x', undefined],
    ['POST', '', 'client_id=a&scope=openid&request=x', undefined],
    ['POST', 'client_id=a&scope=openid&login_verifier=x', 'x=1', undefined],
    ['GET', 'client_id=a&scope=x', '', undefined],
  ])('of %s with the query %s and the form %s is an OpenID request without redirect_uri: %s', (...asked) => {
    const [method, query, form, expected] = asked;
    const target = `/oauth2/auth?${query}`;
    const request = { listener: 'public', method, target, grant: 'none', rawHeaders: FORM, caller: 'x' } as const;
    const suspicion = suspicionOf({ ...request, body: Buffer.from(form) });
    expect([suspicion?.kind, suspicion?.who()]).toEqual([expected && 'no_redirect_uri', expected]);
  });

  it('of a browser is its origin alone: by paths that nobody has a stranger would leave no room for others', () => {
    const rawHeaders = ['Origin', 'https://app.example', 'Access-Control-Request-Method', 'POST'];
    const asks = {
      listener: 'public',
      method: 'OPTIONS',
      grant: 'none',
      rawHeaders,
      body: undefined,
      caller: 'x',
    } as const;
    const book = new SightingBook(undefined, 'then', 2);
    for (const target of ['/oauth2/token', '/1', '/2', '/3']) {
      const seen = suspicionOf({ ...asks, target });
      if (seen !== undefined) book.add({ ...seen, who: seen.who() }, 'later');
    }
    expect(book.view().sightings).toMatchObject([{ who: 'https://app.example', what: 'OPTIONS *', count: 4 }]);
    expect(book.view().beyond.cors_preflight).toBe(0);
  });

  it('needs an answer of blue that shows it', () => {
    const body = Buffer.from(`client_id=a&client_secret=${'s'.repeat(80)}`);
    const request = {
      listener: 'public',
      method: 'POST',
      target: '/oauth2/token',
      grant: 'client_credentials',
      rawHeaders: FORM,
      body,
      caller: 'x',
    } as const;
    const suspicion = suspicionOf(request);
    const isSo = (outcome: 'ok' | 'invalid_grant' | 'invalid_client' | 'invalid_request') =>
      suspicion?.isSo({ status: 200, outcome, allowsOrigin: false });
    expect([isSo('ok'), isSo('invalid_grant'), isSo('invalid_client'), isSo('invalid_request')]).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });
});

describe('writes', () => {
  const START = Date.parse('2026-03-02T00:00:00Z'); // a Monday

  it('are what changes something, and no probe', () => {
    const kinds = [
      isWrite('public', 'POST', 'token', '/oauth2/token'),
      isWrite('public', 'GET', 'authorize', '/oauth2/auth'),
      isWrite('admin', 'PUT', 'requests', '/oauth2/auth/requests/login/accept'),
      isWrite('public', 'POST', 'other', '/oauth2/register'),
      isWrite('public', 'DELETE', 'other', '/oauth2/register/a?x'),
      isWrite('admin', 'GET', 'clients', '/clients'),
      isWrite('admin', 'POST', 'introspection', '/oauth2/introspect'),
      isWrite('public', 'GET', 'other', '/oauth2/register/a'),
      isWrite('public', 'POST', 'other', '/what-a-stranger-tries'),
      isWrite('public', 'OPTIONS', 'token', '/oauth2/token'),
    ];
    expect(kinds).toEqual([true, true, true, true, true, false, false, false, false, false]);
  });

  it('are kept by hour for two weeks, with the busiest second, through a clock that is set back', () => {
    const rates = new WriteRates([]);
    for (let hour = 0; hour < KEPT_HOURS + 10; hour += 1) rates.tick(START + hour * HOUR_MS);
    const now = START + (KEPT_HOURS + 9) * HOUR_MS;
    rates.add(now);
    rates.add(now + 10);
    rates.add(now - 2 * HOUR_MS);
    rates.add(now + 2_000);
    const hours = rates.view();
    expect(hours.length).toBeLessThanOrEqual(KEPT_HOURS + 1);
    expect(hours.at(-1)).toEqual({ at: new Date(now).toISOString(), writes: 4, peakPerSecond: 3 });
    expect(rates.perSecond(now + 3_000)).toBeCloseTo(4 / 60);
  });

  /** Busy by day, quiet by night, quietest on Sunday from 3 to 5. */
  const week = (weeks: number): HourOfWrites[] =>
    Array.from({ length: weeks * 168 }, (_, index) => {
      const [day, hour] = [Math.floor(index / 24) % 7, index % 24];
      const writes = day === 6 && hour >= 3 && hour < 5 ? 10 : hour < 6 ? 3_600 : 36_000;
      return { at: new Date(START + index * HOUR_MS).toISOString(), writes, peakPerSecond: writes / 1_000 };
    });

  it.each([
    [2 * HOUR_MS, '2026-03-22T03:00:00.000Z', '2026-03-22T05:00:00.000Z'],
    [HOUR_MS / 2, '2026-03-22T03:00:00.000Z', '2026-03-22T04:00:00.000Z'],
    [6 * HOUR_MS, '2026-03-22T00:00:00.000Z', '2026-03-22T06:00:00.000Z'],
  ])('are fewest in the window that is long enough for %d ms', (durationMs, from, to) => {
    const now = new Date(START + 14 * 24 * HOUR_MS + 12.5 * HOUR_MS);
    expect(quietWindow(week(2), durationMs, now)).toMatchObject({ from, to, hoursSeen: 336 });
  });

  it('say nothing before a day was seen, nor for a run of many days', () => {
    const now = new Date(START + 10 * HOUR_MS);
    expect(quietWindow(week(1).slice(0, 10), HOUR_MS, now)).toBeUndefined();
    expect(quietWindow(week(2), 100 * HOUR_MS, new Date(START + 20 * 24 * HOUR_MS))).toBeUndefined();
  });

  it('of several gateways in the same hour are added', () => {
    const hour = (writes: number) => [{ at: '2026-03-02T00:00:00.000Z', writes, peakPerSecond: 1 }];
    expect(addHours([hour(1), hour(2)])).toEqual([{ at: '2026-03-02T00:00:00.000Z', writes: 3, peakPerSecond: 2 }]);
  });
});
