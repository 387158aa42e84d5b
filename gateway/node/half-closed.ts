import { type Socket } from 'node:net';
import { type Exchange } from './exchange';

/** How often a client that closed its half is asked whether it is there. */
const ASK_MS = 250;

/**
 * Clients that have closed their half of a connection before their answer. From here it looks the same whether they wait for it or have left.
 *
 * What has reached nobody ends: of those that leave, many have given up waiting, and will send the same once more. What is at a side goes on as
 * long as its client is there: it is sent a `100 Continue`, which every client of HTTP/1.1 passes over (RFC 9110 section 15.2), and the
 * kernel of one that has left answers with a reset.
 */
export class HalfClosed {
  private readonly serving = new WeakMap<Socket, Exchange>();

  /** Once for each connection. */
  watch(socket: Socket): void {
    socket.on('end', () => this.look(socket));
  }

  /** This is what the connection is about from now on. */
  serve(socket: Socket, exchange: Exchange): void {
    this.serving.set(socket, exchange);
    if (socket.readableEnded) this.look(socket);
  }

  private look(socket: Socket): void {
    const exchange = this.serving.get(socket);
    if (exchange === undefined || exchange.response.writableEnded) return;
    if (!exchange.request.complete) return; // the parser tells of a request that ends in its middle
    // HTTP/1.0 has no interim answers.
    if (!exchange.isAtSide || exchange.request.httpVersionMinor === 0) socket.destroy();
    else ask(exchange);
  }
}

/** Until the answer begins: the connection tells then by itself. A reset shows at the first write after the one that caused it. */
function ask({ response }: Exchange): void {
  const timer = setInterval(write, ASK_MS).unref();
  response.once('close', () => clearInterval(timer));
  write();
  function write(): void {
    if (response.headersSent) clearInterval(timer);
    else response.writeContinue();
  }
}
