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

  /** The connection ends with the answer that is being sent: what was pipelined after it would be executed and never answered. */
  end(socket: Socket): void {
    this.ending.add(socket);
  }

  /** A request of this connection is not answered yet. */
  isBusy(socket: Socket): boolean {
    return this.waiting.has(socket);
  }

  run(socket: Socket, response: ServerResponse, work: () => void): void {
    if (this.ending.has(socket)) return;
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
