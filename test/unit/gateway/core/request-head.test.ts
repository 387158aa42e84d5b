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

  it('say nothing of where a request is from but what the connection shows, whatever a client claims', () => {
    const raw = ['X-Forwarded-Proto', 'http', 'x-forwarded-for', '10.0.0.1', 'Forwarded', 'for=10.0.0.2'];
    const more = [
      'X-Real-IP',
      '10.0.0.1',
      'X-Forwarded-Host',
      'evil',
      'x-forwarded-user',
      'root',
      'X-Request-Id',
      'mine',
    ];
    expect(headersOf([...raw, ...more], { requestId: 'ours-1' })).toEqual([...ADDED, 'X-Request-Id', 'ours-1']);
  });

  it('append a trusted proxy to its chain, and take the last of it whom nobody trusted stands for as the client', () => {
    const chain = ['x-forwarded-for', '203.0.113.9, 198.51.100.7', 'X-Forwarded-For', '10.0.0.2'];
    const told = ['Forwarded', 'for=198.51.100.7', 'X-Request-Id', 'edge-7'];
    const isTrusted = (address: string) => address === '192.0.2.1' || address.startsWith('10.');
    const head = readRequestHead(input([...chain, ...told], { isTrusted, requestId: 'ours-1' }));
    expect(head).toMatchObject({ clientAddress: '198.51.100.7', requestId: 'edge-7' });
    expect(headersOf([...chain, ...told], { isTrusted, requestId: 'ours-1' })).toEqual([
      ...['Forwarded', 'for=198.51.100.7', 'X-Forwarded-Proto', 'https'],
      ...['X-Forwarded-For', '203.0.113.9, 198.51.100.7, 10.0.0.2, 192.0.2.1', 'X-Request-Id', 'edge-7'],
    ]);
    expect(readRequestHead(input(['X-Request-Id', 'a b\u0001'], { isTrusted, requestId: 'ours-1' }))).toMatchObject({
      requestId: 'ours-1',
      clientAddress: '192.0.2.1',
    });
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
    ['an absolute target with a user', input([], { target: 'http://a@evil/oauth2/introspect' }), 400],
    ['an absolute target without a host', input([], { target: 'http:///oauth2/introspect' }), 400],
    ['an absolute target with a fragment', input([], { target: 'http://a/b#c' }), 400],
    ['an absolute target of another kind', input([], { target: 'ftp://a/b' }), 400],
    ['an absolute target beside two hosts', input(['Host', 'a', 'Host', 'b'], { target: 'http://a/b' }), 400],
    ['a star for another method', input([], { target: '*' }), 400],
    ['too many fields', input(Array.from({ length: 22 }, (_, i) => (i % 2 ? '1' : 'X'))), 431],
  ])('are refused: %s', (_name, bad, status) => {
    expect(readRequestHead(bad)).toMatchObject({ ok: false, status });
  });

  it('are not confused with OPTIONS *', () => {
    expect(readRequestHead(input(['Host', 'x'], { method: 'OPTIONS', target: '*' }))).toMatchObject({ ok: true });
  });

  it.each([
    ['http://login.example/oauth2/auth?a=b', 'GET', '/oauth2/auth?a=b', 'login.example'],
    ['HTTPS://Login.example:8443', 'GET', '/', 'Login.example:8443'],
    ['http://[::1]:4444?a=/b', 'GET', '/?a=/b', '[::1]:4444'],
    ['http://login.example', 'OPTIONS', '*', 'login.example'],
  ])('have one form on their way to a side: %s', (target, method, path, host) => {
    const absolute = { method, target };
    const whole = ['A', '1', 'Host', 'other', 'B', '2'];
    expect(readRequestHead(input(whole, absolute))).toMatchObject({ target: path, hasHost: true });
    expect(headersOf(whole, absolute)).toEqual(['Host', host, 'A', '1', 'B', '2', ...ADDED]);
    expect(headersOf([], { ...absolute, isHttp10: true })).toEqual(['Host', host, ...ADDED]);
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
