import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/**
 * What the network does to connections. `blackHole`: nothing arrives on either side, and nobody is told; what was sent meanwhile
 * arrives when it heals, as TCP would send it again. `halfOpen`: what the client sends arrives, and no answer ever does; it heals by
 * cutting. `delay`: everything arrives late. `cut`: connections are reset, and new ones too.
 */
export type NetworkFault = 'blackHole' | 'halfOpen' | 'delay' | 'cut';
export const NETWORK_FAULTS: readonly NetworkFault[] = ['blackHole', 'halfOpen', 'delay', 'cut'];

const DELAY_MS = 2;

/** One address that leads to another, as long as the network between the two is well. For tests; loopback only. */
export class TcpProxy {
  private fault: NetworkFault | null = null;
  private readonly links = new Set<Link>();
  private lagMs = 0;

  private constructor(
    private readonly server: Server,
    private readonly target: () => { readonly host: string; readonly port: number },
  ) {
    server.on('connection', (client) => this.accept(client));
  }

  static async start(target: () => { readonly host: string; readonly port: number }): Promise<TcpProxy> {
    const server = createServer({ allowHalfOpen: true });
    const proxy = new TcpProxy(server, target);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** A network that is well and long: what is answered arrives so many milliseconds later, from now on. */
  lag(roundTripMs: number): void {
    this.lagMs = roundTripMs;
    for (const link of this.links) link.lag(roundTripMs);
  }

  /** From now on, for the connections that there are and for new ones. */
  break(fault: NetworkFault): void {
    this.fault = fault;
    for (const link of this.links) link.suffer(fault);
  }

  /** Ends the fault for all connections that survived it. */
  heal(): void {
    const { fault } = this;
    this.fault = null;
    for (const link of this.links) {
      if (fault === 'halfOpen') link.cut();
      else link.suffer(null);
    }
  }

  /** Resets every connection; new ones are served. */
  cutAll(): void {
    for (const link of this.links) link.cut();
  }

  async close(): Promise<void> {
    this.cutAll();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private accept(client: Socket): void {
    if (this.fault === 'cut') {
      client.on('error', () => undefined);
      client.resetAndDestroy();
      return;
    }
    const link = new Link(client, connect({ ...this.target(), allowHalfOpen: true, noDelay: true }));
    this.links.add(link);
    link.ended.finally(() => this.links.delete(link)).catch(() => undefined);
    link.lag(this.lagMs);
    link.suffer(this.fault);
  }
}

/** One connection with its two halves. */
class Link {
  readonly ended: Promise<void>;
  private fault: NetworkFault | null = null;
  /** What would have gone through meanwhile, in its order, ends and resets included. */
  private readonly waiting: (() => void)[] = [];
  /** What is late, in its order, by the way that it goes. */
  private readonly late: Readonly<Record<'ask' | 'answer', (() => void)[]>> = { ask: [], answer: [] };
  private lagMs = 0;

  constructor(
    private readonly client: Socket,
    private readonly server: Socket,
  ) {
    client.setNoDelay(true);
    this.pipe(client, server, false);
    this.pipe(server, client, true);
    const closed = (socket: Socket) => new Promise<void>((resolve) => socket.once('close', () => resolve()));
    this.ended = Promise.all([closed(client), closed(server)]).then(() => undefined);
  }

  suffer(fault: NetworkFault | null): void {
    this.fault = fault;
    if (fault === 'cut') this.cut();
    if (fault === null) this.waiting.splice(0).forEach((pass) => pass());
  }

  lag(roundTripMs: number): void {
    this.lagMs = roundTripMs;
  }

  cut(): void {
    for (const socket of [this.client, this.server]) if (!socket.destroyed) socket.resetAndDestroy();
  }

  private pipe(from: Socket, to: Socket, isAnswer: boolean): void {
    from.on('data', (chunk: Buffer) => this.pass(isAnswer, () => to.writable && to.write(chunk)));
    from.on('end', () => this.pass(isAnswer, () => to.writable && to.end()));
    from.on('error', () => this.pass(isAnswer, () => to.destroy()));
    from.on('close', () => this.pass(isAnswer, () => to.destroy()));
  }

  private pass(isAnswer: boolean, deliver: () => void): void {
    if (this.fault === 'blackHole' || (this.fault === 'halfOpen' && isAnswer)) this.waiting.push(deliver);
    else this.passLate(isAnswer ? 'answer' : 'ask', deliver);
  }

  /** In order: what would be passed at once waits for what is late, and is before it. */
  private passLate(way: 'ask' | 'answer', deliver: () => void): void {
    const lateMs = this.fault === 'delay' ? DELAY_MS : way === 'answer' ? this.lagMs : 0;
    const late = this.late[way];
    if (lateMs === 0 && late.length === 0) {
      deliver();
      return;
    }
    late.push(deliver);
    setTimeout(() => late.shift()?.(), lateMs);
  }
}
