import { connect, type Socket } from 'node:net';

/** Clients that send the head of a request and never its body; one whose connection ends comes again. */
export class StalledClients {
  private readonly sockets = new Set<Socket>();
  private isOver = false;

  constructor(ports: readonly number[], count: number) {
    for (let index = 0; index < count; index += 1) this.stall(ports[index % ports.length] ?? 0);
  }

  close(): void {
    this.isOver = true;
    for (const socket of this.sockets) socket.destroy();
  }

  private stall(port: number): void {
    const socket = connect(port, '127.0.0.1');
    this.sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.sockets.delete(socket);
      if (!this.isOver) this.stall(port);
    });
    socket.resume();
    socket.write('POST /oauth2/token HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n');
  }
}
