import { type ServerResponse } from 'node:http';
import { type Socket } from 'node:net';

/** More than this many requests that wait for an earlier answer on the same connection are an attack. */
const PIPELINE_LIMIT = 32;

interface Pipelined {
  readonly response: ServerResponse;
  readonly work: () => void;
}

/**
 * Pipelined requests of one connection run one after the other: sent on together, a side could execute them in another order
 * than their client wrote them.
 */
export class InOrder {
  /** Those that are not answered yet; the first of them is being served. */
  private readonly underWay = new WeakMap<Socket, Pipelined[]>();
  private readonly ending = new WeakSet<Socket>();
  private readonly closing = new WeakSet<Socket>();

  /** The connection ends with the answer that is being sent: what was pipelined after it would be executed and never answered. */
  end(socket: Socket): void {
    this.ending.add(socket);
  }

  /** A request of this connection is not answered yet. */
  isBusy(socket: Socket): boolean {
    return this.underWay.has(socket);
  }

  /**
   * What came after whole requests is none: these are answered, and the connection ends with the last answer. Whatever was written before
   * that, the client would take for the answer to the first of them. Idempotent.
   * @returns false when there is no whole one
   */
  endAfterLast(socket: Socket): boolean {
    const requests = this.underWay.get(socket);
    if (requests === undefined) return false;
    if (this.closing.has(socket)) return true;
    // Only the last one that began can be incomplete; it is executed by nobody.
    if (requests.length > 1 && requests.at(-1)?.response.req.complete === false) requests.pop();
    const last = requests.at(-1)?.response;
    if (last?.req.complete !== true) return false;
    this.closing.add(socket);
    last.shouldKeepAlive = false;
    last.once('close', () => socket.end());
    socket.removeAllListeners('data');
    socket.resume();
    return true;
  }

  run(socket: Socket, response: ServerResponse, work: () => void): void {
    if (this.ending.has(socket)) return;
    const requests = this.underWay.get(socket);
    if (requests === undefined) {
      this.underWay.set(socket, [{ response, work }]);
      this.begin(socket, response, work);
    } else if (requests.length > PIPELINE_LIMIT) {
      socket.destroy();
    } else {
      requests.push({ response, work });
    }
  }

  private begin(socket: Socket, response: ServerResponse, work: () => void): void {
    response.once('close', () => {
      const requests = this.underWay.get(socket);
      requests?.shift();
      const next = socket.destroyed || this.ending.has(socket) ? undefined : requests?.[0];
      if (next === undefined) this.underWay.delete(socket);
      else this.begin(socket, next.response, next.work);
    });
    work();
  }
}
