import { Agent, request as httpRequest } from 'node:http';
import { type Socket } from 'node:net';
import pino from 'pino';
import { Random } from '../../world/traffic/schedule/random';
import { startRawUpstream } from '../unit/gateway/support/sockets';
import { startTestGateway } from '../unit/gateway/support/test-gateway';
import { mutate, pieces } from './mutate';

const HEAD = 'HTTP/1.1 200 OK\r\n';
const ANSWERS = [
  `${HEAD}Content-Length: 5\r\n\r\nhello`,
  `${HEAD}Content-Type: text/plain\r\nSet-Cookie: a=1\r\nset-cookie: b=2\r\nContent-Length: 0\r\n\r\n`,
  `${HEAD}Transfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n6\r\n world\r\n0\r\n\r\n`,
  `${HEAD}Trailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n`,
  `${HEAD}Connection: close\r\n\r\nuntil the end`,
  'HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\nhello',
  'HTTP/1.1 204 No Content\r\n\r\n',
  'HTTP/1.1 304 Not Modified\r\nETag: "x"\r\nContent-Length: 9\r\n\r\n',
  'HTTP/1.1 302 Found\r\nLocation: https://a.example/\r\nContent-Length: 0\r\n\r\n',
  `HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n${HEAD}Content-Length: 1\r\n\r\nx`,
  `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n${HEAD}Content-Length: 1\r\n\r\nx`,
];
const REQUESTS = ['GET', 'GET', 'HEAD', 'POST'] as const;
/** Of answers that were never meant to end. */
const STALL_MS = 300;
/** The gateway gives up after {@link STALL_MS}: a client that hears nothing for so long was left hanging, however busy the machine is. */
const HUNG_MS = 60_000;

interface AnswerCase {
  readonly bytes: readonly string[];
  readonly ending: 'end' | 'keep' | 'reset';
}

interface Heard {
  readonly status: number;
  readonly body: string;
  /** The answer came to the end that its framing announces. */
  readonly complete: boolean;
  /** Whoever asked gave up. */
  readonly hung?: true;
}

/**
 * A side that answers with mutated bytes. What must hold: the gateway lives and has no defect of its own to report; nobody is left hanging; what a client gets as a complete answer
 * is what node's own strict client reads from the same bytes; and no request after it, on either connection, gets an answer that
 * is not its own.
 * @returns what did not hold, each with the number that repeats it
 */
export async function fuzzAnswers(seed: number, count: number, parallel = 32): Promise<string[]> {
  const problems: string[] = [];
  const cases = new Map<string, AnswerCase>();
  const side = await startRawUpstream((socket) => serve(socket, cases));
  const log = pino({ level: 'error' }, { write: (line: string) => problems.push(`a defect: ${line}`) });
  const gateway = await startTestGateway({
    blue: side.url,
    config: { upstream: { responseTimeoutMs: STALL_MS, idleTimeoutMs: STALL_MS } },
    parts: { log },
  });
  let next = seed;
  const worker = async () => {
    while (next < seed + count) {
      const number = next;
      next += 1;
      const found = await tryCase(number, cases, gateway.publicPort, side.port);
      problems.push(...found.map((problem) => `answer ${number}: ${problem}`));
    }
  };
  await Promise.all(Array.from({ length: parallel }, worker));
  await gateway.until({ inFlight: 0 });
  const last = await ask(new Agent(), gateway.publicPort, 'GET', '/sentinel/last');
  if (last?.body !== 'sentinel last') problems.push(`the gateway serves no more: ${JSON.stringify(last)}`);
  await gateway.close();
  await side.close();
  return problems;
}

async function tryCase(number: number, cases: Map<string, AnswerCase>, port: number, sidePort: number) {
  const random = new Random(number * 2_654_435_761);
  const mutated = mutate(random, random.pick(ANSWERS) ?? '', random.pick(ANSWERS) ?? '');
  const ending = random.weighted<AnswerCase['ending']>([
    ['end', 8],
    ['keep', 1],
    ['reset', 1],
  ]);
  cases.set(String(number), { bytes: pieces(random, mutated), ending });
  const method = random.pick(REQUESTS) ?? 'GET';
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const problems: string[] = [];
  const relayed = await ask(agent, port, method, `/case/${number}`, HUNG_MS);
  const after = await ask(agent, port, 'GET', `/sentinel/${number}`, HUNG_MS);
  if (relayed?.hung || after?.hung) problems.push(`${JSON.stringify(mutated)} left its client hanging`);
  if (after?.status === 200 && after.body !== `sentinel ${number}`)
    problems.push(`the next answer: ${JSON.stringify(after)}`);
  if (relayed?.complete === true && relayed.status < 500) {
    const direct = await ask(new Agent(), sidePort, method, `/case/${number}`);
    if (direct?.complete !== true || direct.status !== relayed.status || direct.body !== relayed.body) {
      problems.push(
        `${JSON.stringify(mutated)} became ${JSON.stringify(relayed)}, read directly ${JSON.stringify(direct)}`,
      );
    }
  }
  agent.destroy();
  cases.delete(String(number));
  return problems;
}

/** @returns undefined when no answer began */
function ask(
  agent: Agent,
  port: number,
  method: string,
  path: string,
  patienceMs = STALL_MS * 20,
): Promise<Heard | undefined> {
  return new Promise((resolve) => {
    let answered = false;
    const request = httpRequest({ agent, port, host: '127.0.0.1', method, path, timeout: patienceMs }, (response) => {
      answered = true;
      let body = '';
      const status = response.statusCode ?? 0;
      response.setEncoding('latin1').on('data', (chunk: string) => (body += chunk));
      response.on('error', () => undefined);
      response.on('close', () => resolve({ status, body, complete: response.complete }));
    });
    request.on('timeout', () => {
      resolve({ status: 0, body: '', complete: false, hung: true });
      request.destroy();
    });
    // After a complete answer node complains of what follows it: then the answer stands.
    request.on('error', () => answered || resolve(undefined));
    request.end(method === 'POST' ? 'ab' : undefined);
  });
}

function serve(socket: Socket, cases: ReadonlyMap<string, AnswerCase>): void {
  let text = '';
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    text += chunk;
    const head = /^[A-Z]+ (\S+) [^]*?\r\n\r\n/.exec(text);
    if (head === null) return;
    const length = /^content-length: (\d+)/im.exec(head[0])?.[1] ?? '0';
    if (text.length < head[0].length + Number(length)) return;
    text = '';
    const path = head[1] ?? '';
    const known = cases.get(path.replace('/case/', ''));
    if (known === undefined) {
      const body = path.startsWith('/sentinel/') ? path.slice(1).replace('/', ' ') : '';
      socket.write(`${HEAD}Content-Length: ${body.length}\r\n\r\n${body}`);
      return;
    }
    sendPieces(socket, known);
  });
}

function sendPieces(socket: Socket, { bytes: [first, ...rest], ending }: AnswerCase): void {
  if (first !== undefined) {
    socket.write(first, 'latin1');
    setImmediate(() => sendPieces(socket, { bytes: rest, ending }));
  } else if (ending === 'end') socket.end();
  else if (ending === 'reset') socket.resetAndDestroy();
}
