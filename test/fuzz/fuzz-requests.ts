import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { Random } from '../../world/traffic/schedule/random';
import { startTestGateway } from '../unit/gateway/support/test-gateway';
import { mutate, pieces } from './mutate';

/** A client that gets no end is left after this. */
const PATIENCE_MS = 400;
/** Of the requests that node's server read, so many reach the side at least, on whatever machine: most are what anybody sends. */
const REACHED_SHARE_MIN = 0.25;
const SETTLE_MS = 20;
const SETTLE_TRIES = 250;

/**
 * Clients that pipeline requests of which one is mutated. What must hold: what the side is asked is, in order, what node's own
 * strict server reads from the same bytes; never a request more, and none with another body. And a gateway that sends nothing on is none.
 * @returns what did not hold, each with the number that repeats it
 */
export async function fuzzRequests(seed: number, count: number, parallel = 16): Promise<string[]> {
  const problems: string[] = [];
  const behind = await recorder();
  const direct = await recorder();
  const gateway = await startTestGateway({ blue: behind.url });
  let next = seed;
  const worker = async () => {
    while (next < seed + count) {
      const number = next;
      next += 1;
      const random = new Random(number * 2_246_822_519);
      const bytes = stream(random, number);
      const cut = pieces(random, bytes);
      await Promise.all([send(gateway.publicPort, cut), send(direct.port, pieces(random, withEncodedTarget(bytes)))]);
      const difference = await compare(number, behind, direct);
      if (difference !== undefined) problems.push(`request ${number}: ${JSON.stringify(bytes)}: ${difference}`);
    }
  };
  await Promise.all(Array.from({ length: parallel }, worker));
  await gateway.until({ inFlight: 0, receiving: 0 });
  if ((await (await fetch(gateway.publicUrl, { headers: { Connection: 'close' } })).text()) !== 'seen') {
    problems.push('the gateway serves no more');
  }
  const [reached, read] = [behind.count, direct.count];
  if (reached < read * REACHED_SHARE_MIN) problems.push(`${reached} of ${read} requests reached the side`);
  for (const part of [gateway, behind, direct]) await part.close();
  return problems;
}

/** Node's server refuses what the gateway percent-encodes: raw bytes in the target that begins a connection. */
function withEncodedTarget(bytes: string): string {
  return bytes.replace(/^[A-Z]+ [^\r\n ]*/, (start) =>
    start.replace(/[\x80-\xff]/g, (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase()}`),
  );
}

/** Each path names the case, so that cases may run at the same time; a path that lost its name is compared with nothing. */
function stream(random: Random, number: number): string {
  const one = (index: number): string => {
    const path = `/${number}/${index}`;
    const smuggled = `GET /${number}/smuggled HTTP/1.1\r\nHost: x\r\n\r\n`;
    const post = (more: string, body: string) => `POST ${path} HTTP/1.1\r\nHost: x\r\n${more}\r\n${body}`;
    return (
      random.pick([
        `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`,
        post(`Content-Length: ${smuggled.length}\r\n`, smuggled),
        post('Transfer-Encoding: chunked\r\n', `${smuggled.length.toString(16)}\r\n${smuggled}\r\n0\r\n\r\n`),
        post('Content-Length: 2\r\nExpect: 100-continue\r\n', 'ab'),
        post('Transfer-Encoding: chunked\r\nTrailer: X\r\n', `2\r\nab\r\n0\r\nX: 1\r\n\r\n`),
      ]) ?? ''
    );
  };
  const requests = Array.from({ length: 1 + random.below(4) }, (_unused, index) => one(index));
  const at = random.below(requests.length);
  requests[at] = mutate(random, requests[at] ?? '', one(9));
  return `${requests.join('')}GET /${number}/last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`;
}

interface Recorder {
  readonly url: string;
  readonly port: number;
  /** Complete requests of a case, in order. */
  of(number: number): readonly string[];
  /** Of all cases. */
  readonly count: number;
  close(): Promise<void>;
}

async function recorder(): Promise<Recorder> {
  const seen = new Map<string, string[]>();
  const server: Server = createServer({ maxHeaderSize: 65_536, keepAliveTimeout: 60_000 }, (request, response) => {
    let body = '';
    request.setEncoding('latin1').on('data', (chunk: string) => (body += chunk));
    request.on('end', () => {
      const key = (request.url ?? '').split('/')[1] ?? '';
      seen.set(key, [...(seen.get(key) ?? []), `${request.method} ${request.url} ${body}`]);
      response.end('seen');
    });
  });
  server.maxHeadersCount = 0;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    of: (number) => seen.get(String(number)) ?? [],
    get count() {
      return [...seen.values()].reduce((sum, requests) => sum + requests.length, 0);
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** A reader may lag, so a difference counts only when it stays. */
async function compare(number: number, behind: Recorder, direct: Recorder): Promise<string | undefined> {
  let difference = '';
  for (let attempt = 0; attempt < SETTLE_TRIES; attempt += 1) {
    const [got, expected] = [behind.of(number), direct.of(number)];
    if (got.every((request, index) => request === expected[index])) return undefined;
    difference = `the side was asked ${JSON.stringify(got)}, read directly ${JSON.stringify(expected)}`;
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  }
  return difference;
}

function send(port: number, bytes: readonly string[]): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      for (const piece of bytes) socket.write(piece, 'latin1');
    });
    const timer = setTimeout(() => socket.destroy(), PATIENCE_MS);
    socket.on('error', () => undefined);
    socket.resume().on('close', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
