import { BadResponse, ResponseParser } from '../../../../gateway/node/response-parser';

interface Read {
  readonly interim: number[];
  status: number;
  reason: string;
  headers: readonly string[];
  body: string;
  trailers: readonly string[] | undefined;
}

function parse(bytes: string, split: number[], method = 'GET', close = false) {
  const parser = new ResponseParser(1_000);
  const read: Read = { interim: [], status: 0, reason: '', headers: [], body: '', trailers: undefined };
  parser.begin(method, {
    onInterim: ({ status }) => read.interim.push(status),
    onHead: ({ status, reason, rawHeaders }) => Object.assign(read, { status, reason, headers: rawHeaders }),
    onData: (chunk) => (read.body += chunk.toString('latin1')),
    onEnd: (trailers) => (read.trailers = trailers),
  });
  const buffer = Buffer.from(bytes, 'latin1');
  let from = 0;
  for (const to of [...split, buffer.length]) {
    if (to > from) parser.push(Buffer.from(buffer.subarray(from, to)));
    from = to;
  }
  if (close) parser.finish();
  return { ...read, done: parser.isDone, mayReuse: parser.mayReuse };
}

const HEAD = 'HTTP/1.1 200 OK\r\n';

describe('an answer, wherever the network cuts it', () => {
  it.each<[string, string, Partial<ReturnType<typeof parse>>, string?, boolean?]>([
    ['sized', `${HEAD}Content-Length: 5\r\n\r\nhello`, { body: 'hello', trailers: [], mayReuse: true }],
    ['empty', `${HEAD}Content-Length: 0\r\n\r\n`, { body: '', trailers: [], mayReuse: true }],
    [
      'chunked with extensions and trailers',
      `${HEAD}Transfer-Encoding: CHUNKED\r\n\r\n5;a=b\r\nhello\r\n00A \r\n, world!!!\r\n0\r\nX-A: 1\r\nX-B: 2\r\n\r\n`,
      { body: 'hello, world!!!', trailers: ['X-A', '1', 'X-B', '2'], mayReuse: true },
    ],
    [
      'chunked without trailers',
      `${HEAD}transfer-encoding: chunked\r\n\r\n1\r\n\n\r\n0\r\n\r\n`,
      { body: '\n', trailers: [], mayReuse: true },
    ],
    [
      'ended by the connection',
      `${HEAD}\r\nall of it`,
      { body: 'all of it', trailers: [], mayReuse: false },
      'GET',
      true,
    ],
    ['to HEAD', `${HEAD}Content-Length: 5\r\n\r\n`, { body: '', trailers: [], mayReuse: true }, 'HEAD'],
    ['204', 'HTTP/1.1 204 No Content\r\n\r\n', { status: 204, trailers: [], mayReuse: true }],
    ['304 with a length', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n', { status: 304, trailers: [] }],
    [
      'after interim ones',
      `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${HEAD}Content-Length: 1\r\n\r\nx`,
      { interim: [100, 103], status: 200, body: 'x', trailers: [] },
    ],
    ['that closes', `${HEAD}Connection: x, Close\r\nContent-Length: 1\r\n\r\nx`, { body: 'x', mayReuse: false }],
    ['of HTTP/1.0', 'HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx', { body: 'x', mayReuse: false }],
    [
      'of HTTP/1.0 that stays',
      'HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\nx',
      { body: 'x', mayReuse: true },
    ],
    ['without a reason', 'HTTP/1.1 200\r\nContent-Length: 1\r\n\r\nx', { status: 200, reason: '', body: 'x' }],
    [
      'with headers in any spelling',
      `${HEAD}Set-Cookie: a=1\r\nset-cookie:b=2\r\nX-Empty:\r\nX-Latin: \xe9 \t\r\nContent-Length: 0\r\n\r\n`,
      { headers: ['Set-Cookie', 'a=1', 'set-cookie', 'b=2', 'X-Empty', '', 'X-Latin', '\xe9', 'Content-Length', '0'] },
    ],
  ])('%s', (_name, bytes, expected, ...more) => {
    const [method, close] = more;
    for (let cut = 0; cut <= bytes.length; cut += 1) {
      expect(parse(bytes, [cut], method, close)).toMatchObject({ ...expected, done: true });
    }
    const everyByte = Array.from({ length: bytes.length }, (_unused, index) => index);
    expect(parse(bytes, everyByte, method, close)).toMatchObject({ ...expected, done: true });
  });
});

describe('what is no answer, or could be read in two ways', () => {
  it.each([
    ['another protocol', 'SSH-2.0-x\r\n'],
    ['a start that is wrong', 'HTTQ'],
    ['HTTP/2', 'HTTP/2.0 200 OK\r\n\r\n'],
    ['a status of four digits', 'HTTP/1.1 2000 OK\r\n\r\n'],
    ['no status', 'HTTP/1.1 OK\r\n\r\n'],
    ['a bare line feed', `${HEAD}A: 1\nB: 2\r\n\r\n`],
    ['a bare carriage return', `${HEAD}A: 1\rB: 2\r\n\r\n`],
    ['a folded line', `${HEAD}A: 1\r\n 2\r\n\r\n`],
    ['no colon', `${HEAD}A\r\n\r\n`],
    ['no name', `${HEAD}: 1\r\n\r\n`],
    ['a space before the colon', `${HEAD}Transfer-Encoding : chunked\r\n\r\n`],
    ['two lengths', `${HEAD}Content-Length: 1\r\nContent-Length: 1\r\n\r\nx`],
    ['a list of lengths', `${HEAD}Content-Length: 1, 1\r\n\r\nx`],
    ['a negative length', `${HEAD}Content-Length: -1\r\n\r\nx`],
    ['a length and chunks', `${HEAD}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
    ['another coding', `${HEAD}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`],
    ['chunked twice', `${HEAD}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
    ['a chunk size that is none', `${HEAD}Transfer-Encoding: chunked\r\n\r\n0x5\r\nhello\r\n0\r\n\r\n`],
    ['a chunk size with a bare line feed', `${HEAD}Transfer-Encoding: chunked\r\n\r\n5\nhello\r\n0\r\n\r\n`],
    ['a chunk size beyond any', `${HEAD}Transfer-Encoding: chunked\r\n\r\nfffffffffffff\r\n`],
    ['a chunk that is longer than its size', `${HEAD}Transfer-Encoding: chunked\r\n\r\n5\r\nhello!\r\n0\r\n\r\n`],
    ['an endless chunk line', `${HEAD}Transfer-Encoding: chunked\r\n\r\n5;${'x'.repeat(5_000)}`],
    [
      'a chunk extension with characters of its own',
      `${HEAD}Transfer-Encoding: chunked\r\n\r\n5;a:=b\r\nhello\r\n0\r\n\r\n`,
    ],
    ['a control character in the reason', 'HTTP/1.1 200 O\x07K\r\n\r\n'],
    ['a control character in a value', `${HEAD}A: 1\x0b2\r\n\r\n`],
    ['a name that is no token', `${HEAD}X(y): 1\r\n\r\n`],
    ['a name beyond ASCII', `${HEAD}X\xe9: 1\r\n\r\n`],
    ['a length with a space that is none', `${HEAD}Content-Length:\xa05\r\n\r\nhello`],
    ['a length with a vertical tab', `${HEAD}Content-Length: 5\x0b\r\n\r\nhello`],
    ['chunks in HTTP/1.0', 'HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['a trailer whose name is no token', `${HEAD}Transfer-Encoding: chunked\r\n\r\n0\r\nX(y): 1\r\n\r\n`],
    ['a trailer with a control character', `${HEAD}Transfer-Encoding: chunked\r\n\r\n0\r\nX: \x01\r\n\r\n`],
    ['a trailer that would frame', `${HEAD}Transfer-Encoding: chunked\r\n\r\n0\r\nContent-Length: 1\r\n\r\n`],
    ['interim answers without end', 'HTTP/1.1 102 Processing\r\n\r\n'.repeat(17)],
    ['an upgrade', 'HTTP/1.1 101 Switching Protocols\r\n\r\n'],
    ['a head over the limit', `${HEAD}A: ${'x'.repeat(1_001)}`],
    ['a complete head over the limit', `${HEAD}A: ${'x'.repeat(1_001)}\r\n\r\n`],
    ['trailers over the limit', `${HEAD}Transfer-Encoding: chunked\r\n\r\n0\r\nA: ${'x'.repeat(1_001)}`],
  ])('is refused: %s', (_name, bytes) => {
    expect(() => parse(bytes, [])).toThrow(BadResponse);
  });
});

it('an answer that is cut off is not done', () => {
  expect(parse(`${HEAD}Content-Length: 5\r\n\r\nhell`, [], 'GET', true)).toMatchObject({
    done: false,
    trailers: undefined,
  });
  expect(parse(`${HEAD}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n`, [], 'GET', true).done).toBe(false);
  expect(parse('HTTP/1.1 200 OK\r\nCont', [], 'GET', true).done).toBe(false);
});

it('bytes after an answer, which nobody asked for, end the use of its connection', () => {
  expect(parse(`${HEAD}Content-Length: 1\r\n\r\nxHTTP/1.1 200 OK\r\n`, [])).toMatchObject({
    body: 'x',
    mayReuse: false,
  });
});
