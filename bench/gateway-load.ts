import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

/** What the benchmark asks its load generator for. */
export type LoadCommand =
  | (LoadAt & { readonly kind: 'rate'; readonly perSecond: number; readonly durationMs: number })
  | (LoadAt & { readonly kind: 'flat_out'; readonly durationMs: number })
  /** So many requests that are held, or whose body never comes. */
  | (LoadAt & { readonly kind: 'park' | 'stall' })
  | { readonly kind: 'await_parked' | 'leave' };

export interface LoadAt {
  readonly port: number;
  readonly connections: number;
  readonly tls?: boolean;
  /** @default a refresh */
  readonly asks?: keyof typeof REQUESTS;
}

export interface LoadResult {
  readonly requests: number;
  readonly failures: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly perSecond: number;
}

const FORM = `grant_type=refresh_token&refresh_token=${'r'.repeat(180)}&client_id=bench`;
const TOKEN = `token=${'t'.repeat(43)}`;
const head = (path: string, bytes: number) =>
  `POST ${path} HTTP/1.1\r\nHost: login.example\r\nUser-Agent: bench/1.0\r\nAccept: application/json\r\n` +
  'Accept-Encoding: gzip, deflate\r\nContent-Type: application/x-www-form-urlencoded\r\n' +
  `Authorization: Basic ${'c'.repeat(60)}\r\nContent-Length: ${bytes}\r\n\r\n`;
const REQUESTS = {
  refresh: head('/oauth2/token', FORM.length) + FORM,
  introspection: head('/oauth2/introspect', TOKEN.length) + TOKEN,
  stalled: head('/oauth2/token', FORM.length),
} as const;
const HEAD_END = '\r\n\r\n';

/** One kept connection that does one request at a time; knows just enough HTTP to find the end of an answer. */
class Lane {
  private buffered = '';
  private expected = -1;
  private done: ((ok: boolean) => void) | undefined;
  private socket: Socket;

  private readonly text: string;

  constructor(private readonly at: LoadAt) {
    this.text = REQUESTS[at.asks ?? 'refresh'];
    this.socket = this.open();
  }

  /** @returns whether it was answered with 200; after a false the lane is of no more use */
  request(): Promise<boolean> {
    return new Promise((resolve) => {
      if (this.socket.destroyed) {
        resolve(false);
        return;
      }
      this.done = resolve;
      this.socket.write(this.text);
    });
  }

  close(): void {
    this.socket.destroy();
  }

  private open(): Socket {
    const to = { port: this.at.port, host: '127.0.0.1' };
    const socket = this.at.tls === true ? connectTls({ ...to, rejectUnauthorized: false }) : connect(to);
    socket.setNoDelay(true);
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => this.take(text));
    socket.on('error', () => undefined);
    socket.on('close', () => this.finish(false));
    return socket;
  }

  private take(text: string): void {
    this.buffered += text;
    if (this.expected < 0) {
      const end = this.buffered.indexOf(HEAD_END);
      if (end < 0) return;
      const length = /content-length: (\d+)/i.exec(this.buffered)?.[1];
      this.expected = end + HEAD_END.length + Number(length ?? 0);
    }
    if (this.buffered.length < this.expected) return;
    const ok = this.buffered.startsWith('HTTP/1.1 200');
    this.buffered = '';
    this.expected = -1;
    this.finish(ok);
  }

  private finish(ok: boolean): void {
    const { done } = this;
    this.done = undefined;
    done?.(ok);
  }
}

class Tally {
  private readonly latencies: number[] = [];
  private failures = 0;
  private readonly startedAt = performance.now();

  add(latencyMs: number, ok: boolean): void {
    this.latencies.push(latencyMs);
    if (!ok) this.failures += 1;
  }

  result(): LoadResult {
    const sorted = Float64Array.from(this.latencies).sort();
    const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
    const perSecond = (sorted.length * 1_000) / (performance.now() - this.startedAt);
    return { requests: sorted.length, failures: this.failures, p50Ms: at(0.5), p99Ms: at(0.99), perSecond };
  }
}

/** Each lane as fast as it can. */
async function flatOut(at: LoadAt, durationMs: number): Promise<LoadResult> {
  const lanes = lanesOf(at);
  await Promise.all(lanes.map((lane) => lane.request())); // connections are open before anything counts
  const tally = new Tally();
  const end = performance.now() + durationMs;
  await Promise.all(
    lanes.map(async (lane) => {
      for (let now = performance.now(); now < end;) {
        const ok = await lane.request();
        const after = performance.now();
        tally.add(after - now, ok);
        now = after;
      }
      lane.close();
    }),
  );
  return tally.result();
}

/**
 * A steady rate. Requests go out at the ticks of a 1 ms timer, and a request's latency counts from the tick it was meant for,
 * also when no connection was free then: a stall is not forgiven. A busy loop would be more exact and take a core from the rest.
 */
async function atRate(at: LoadAt, perSecond: number, durationMs: number): Promise<LoadResult> {
  const idle = lanesOf(at);
  await Promise.all(idle.map((lane) => lane.request()));
  const all = [...idle];
  const tally = new Tally();
  const due: number[] = [];
  const open = new Set<Promise<void>>();
  const dispatch = () => {
    while (due.length > 0 && idle.length > 0) {
      const dueAt = due.shift() as number;
      const lane = idle.pop() as Lane;
      const work: Promise<void> = lane.request().then((ok) => {
        tally.add(performance.now() - dueAt, ok);
        if (ok) idle.push(lane);
        open.delete(work);
        dispatch();
      });
      open.add(work);
    }
  };
  const start = performance.now();
  const total = Math.round((perSecond * durationMs) / 1_000);
  for (let sent = 0; sent < total && idle.length + open.size > 0;) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    const now = performance.now();
    while (sent < total && start + (sent * 1_000) / perSecond <= now) {
      due.push(now);
      sent += 1;
    }
    dispatch();
  }
  while (open.size > 0) await Promise.all(open);
  for (const lane of all) lane.close();
  return tally.result();
}

function lanesOf(at: LoadAt): Lane[] {
  return Array.from({ length: at.connections }, () => new Lane(at));
}

let parked: { lanes: Lane[]; answers: Promise<boolean[]> } | undefined;

async function run(command: LoadCommand): Promise<unknown> {
  switch (command.kind) {
    case 'rate':
      return atRate(command, command.perSecond, command.durationMs);
    case 'flat_out':
      return flatOut(command, command.durationMs);
    case 'park':
    case 'stall': {
      const lanes = lanesOf(command.kind === 'stall' ? { ...command, asks: 'stalled' } : command);
      parked = { lanes, answers: Promise.all(lanes.map((lane) => lane.request())) };
      return lanes.length;
    }
    case 'await_parked': {
      const answers = (await parked?.answers) ?? [];
      parked?.lanes.forEach((lane) => lane.close());
      parked = undefined;
      return answers.filter((ok) => ok).length;
    }
    case 'leave':
      parked?.lanes.forEach((lane) => lane.close());
      parked = undefined;
      return 0;
  }
}

process.on('message', (command: LoadCommand) => {
  run(command).then(
    (result) => process.send?.({ result }),
    (error: unknown) => process.send?.({ error: String(error) }),
  );
});
process.on('disconnect', () => process.exit(0));
