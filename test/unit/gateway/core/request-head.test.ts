import { readRequestHead, responseHeaders, type RequestHeadInput } from '../../../../gateway/core/request-head';

const input = (rawHeaders: string[], over: Partial<RequestHeadInput> = {}): RequestHeadInput => ({
  method: 'GET',
  target: '/a?b=c',
  rawHeaders,
  clientAddress: '192.0.2.1',
  maxHeaderCount: 10,
  ...over,
});

const headersOf = (rawHeaders: string[], over: Partial<RequestHeadInput> = {}) => {
  const head = readRequestHead(input(rawHeaders, over));
  if (!head.ok) throw new Error(head.message);
  return head.headers;
};

const ADDED = ['X-Forwarded-Proto', 'https', 'X-Forwarded-For', '192.0.2.1'];

describe('request headers', () => {
  it('keep order, case and duplicates', () => {
    const raw = ['hOsT', 'x', 'X-A', '1', 'Cookie', 'a=b', 'x-a', '2'];
    expect(headersOf(raw)).toEqual([...raw, ...ADDED]);
  });

  it('lose hop-by-hop fields and those that Connection names', () => {
    const raw = ['Host', 'x', 'Connection', 'close, X-Gone', 'X-Gone', '1', 'Keep-Alive', '5', 'TE', 'trailers'];
    expect(headersOf([...raw, 'Upgrade', 'h2c', 'Proxy-Connection', 'close'])).toEqual(['Host', 'x', ...ADDED]);
  });

  it('keep what Connection must not name away', () => {
    const raw = ['Host', 'x', 'Authorization', 'Bearer t', 'Connection', 'host, Authorization, content-length'];
    expect(headersOf(raw)).toEqual(['Host', 'x', 'Authorization', 'Bearer t', ...ADDED]);
  });

  it('replace the scheme that the client claims and append the client to its chain', () => {
    const raw = ['X-Forwarded-Proto', 'http', 'x-forwarded-for', '10.0.0.1', 'X-Forwarded-For', '10.0.0.2'];
    expect(headersOf(raw)).toEqual(['X-Forwarded-Proto', 'https', 'X-Forwarded-For', '10.0.0.1, 10.0.0.2, 192.0.2.1']);
  });

  it('spell out that a POST without a body has none', () => {
    expect(headersOf(['Host', 'x'], { method: 'POST' })).toEqual(['Host', 'x', ...ADDED, 'Content-Length', '0']);
  });

  it('carry a chunked body on as chunked', () => {
    const head = readRequestHead(input(['Host', 'x', 'Transfer-Encoding', 'Chunked'], { method: 'POST' }));
    expect(head).toMatchObject({ body: 'chunked', headers: ['Host', 'x', ...ADDED, 'Transfer-Encoding', 'chunked'] });
  });
});

describe('requests that two parsers might read differently', () => {
  it.each<[string, RequestHeadInput, number]>([
    ['both lengths', input(['Content-Length', '5', 'Transfer-Encoding', 'chunked']), 400],
    ['two equal lengths', input(['Content-Length', '5', 'content-length', '5']), 400],
    ['two hosts', input(['Host', 'a', 'Host', 'b']), 400],
    ['another transfer coding', input(['Transfer-Encoding', 'gzip, chunked']), 501],
    ['two codings in two fields', input(['Transfer-Encoding', 'chunked', 'Transfer-Encoding', 'chunked']), 501],
    ['an absolute target', input([], { target: 'http://evil/oauth2/introspect' }), 400],
    ['a star for another method', input([], { target: '*' }), 400],
    ['too many fields', input(Array.from({ length: 22 }, (_, i) => (i % 2 ? '1' : 'X'))), 431],
  ])('are refused: %s', (_name, bad, status) => {
    expect(readRequestHead(bad)).toMatchObject({ ok: false, status });
  });

  it('are not confused with OPTIONS *', () => {
    expect(readRequestHead(input(['Host', 'x'], { method: 'OPTIONS', target: '*' }))).toMatchObject({ ok: true });
  });
});

describe('response headers', () => {
  it('keep order, case and duplicates, and lose hop-by-hop fields', () => {
    const raw = [
      'Set-Cookie',
      'a=1',
      'Connection',
      'X-Hop',
      'set-cookie',
      'b=2',
      'X-Hop',
      '1',
      'Transfer-Encoding',
      'chunked',
    ];
    expect(responseHeaders(raw, true)).toEqual(['Set-Cookie', 'a=1', 'set-cookie', 'b=2']);
  });
});
