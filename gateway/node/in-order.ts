import { type ServerResponse } from 'node:http';
import { type Socket } from 'node:net';

/** More than this many requests that wait for an earlier answer on the same connection are an attack. */
const PIPELINE_LIMIT = 32;

/**
 * Pipelined requests of one connection run one after the other: sent on together, a side could execute them in another order
 * than their client wrote them.
 */
export class InOrder {
  private readonly waiting = new WeakMap<Socket, (() => void)[]>();
  private readonly ending = new WeakSet<Socket>();
  /** To the last request that was whole. */
  private readonly last = new WeakMap<Socket, ServerResponse>();
  private readonly closing = new WeakSet<Socket>();

  /** The connection ends with the answer that is being sent: what was pipelined after it would be executed and never answered. */
  end(socket: Socket): void {
    this.ending.add(socket);
  }

  /** A request of this connection is not answered yet. */
  isBusy(socket: Socket): boolean {
    return this.waiting.has(socket);
  }

  /**
   * What came after whole requests is none: these are answered, and the connection ends with the last answer. Idempotent.
   * @returns false when none is under way, or the last is not whole
   */
  endAfterLast(socket: Socket): boolean {
    const last = this.last.get(socket);
    if (last === undefined || !this.isBusy(socket) || !last.req.complete) return false;
    if (this.closing.has(socket)) return true;
    this.closing.add(socket);
    last.shouldKeepAlive = false;
    last.once('close', () => socket.end());
    socket.removeAllListeners('data');
    socket.resume();
    return true;
  }

  run(socket: Socket, response: ServerResponse, work: () => void): void {
    if (this.ending.has(socket)) return;
    this.last.set(socket, response);
    const queue = this.waiting.get(socket);
    if (queue === undefined) {
      this.waiting.set(socket, []);
      this.begin(socket, response, work);
    } else if (queue.length >= PIPELINE_LIMIT) {
      socket.destroy();
    } else {
      queue.push(() => this.begin(socket, response, work));
    }
  }

  private begin(socket: Socket, response: ServerResponse, work: () => void): void {
    response.once('close', () => {
      const next = socket.destroyed || this.ending.has(socket) ? undefined : this.waiting.get(socket)?.shift();
      if (next === undefined) this.waiting.delete(socket);
      else next();
    });
    work();
  }
}
