import { connect, createServer, type AddressInfo, isIP, type Server, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { CutoverFault } from '../../domain/faults';
import { type RecordedStatement, type StatementRecorder } from '../../domain/ports/statement-recorder';
import { readBind, readParse, readQuery, WireReader, type WireMessage } from './frontend-messages';
import { type PostgresLogin, sslConfig } from './open-connection';

/** Source: PostgreSQL manual, "Message Formats", SSLRequest. */
const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]);
const ENCRYPTED = 'S'.charCodeAt(0);

export interface RecorderOptions {
  readonly host: string;
  readonly port: number;
  /** Of the connection to the server. A program reaches the recorder without TLS, on this machine. */
  readonly ssl: PostgresLogin['ssl'];
}

/**
 * Listens on a port of this machine, passes every session on to a database server and keeps the statements.
 *
 * Needs no right on the server and no extension of it: event triggers see no UPDATE, and logs are not ours to read.
 * @throws CutoverFault PORT_TAKEN
 */
export async function startRecorder(options: RecorderOptions): Promise<StatementRecorder> {
  const sessions: RecordedSession[] = [];
  const server = createServer((client) => {
    sessions.push(new RecordedSession(client, options, sessions.length));
  });
  const host = '127.0.0.1';
  await listen(server, host);
  return {
    host,
    port: (server.address() as AddressInfo).port,
    statements: () => sessions.flatMap((session) => session.statements),
    close: async () => {
      for (const session of sessions) session.end();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function listen(server: Server, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      reject(new CutoverFault('PORT_TAKEN', `no port to be had on ${host} for recording: ${error.message}`, {}, error));
    });
    server.listen(0, host, resolve);
  });
}

/** One session of a program. Its passwords pass through and are not kept. */
class RecordedSession {
  readonly statements: RecordedStatement[] = [];
  private readonly fromClient = new WireReader(true);
  private readonly fromServer = new WireReader(false);
  private readonly prepared = new Map<string, string>();
  private readonly plain: Socket;
  private server: Socket | undefined;
  private readonly early: Buffer[] = [];

  constructor(
    private readonly client: Socket,
    private readonly options: RecorderOptions,
    private readonly number: number,
  ) {
    this.plain = connect({ host: options.host, port: options.port });
    for (const socket of [client, this.plain]) socket.on('error', () => this.end());
    client.on('close', () => this.end());
    client.on('data', (chunk: Buffer) => this.onClient(chunk));
    this.plain.once('connect', () => this.secure());
  }

  end(): void {
    this.client.destroy();
    this.server?.destroy();
    this.plain.destroy();
  }

  private secure(): void {
    const { ssl, host } = this.options;
    const tls = sslConfig(ssl);
    if (typeof tls !== 'object') {
      this.begin(this.plain);
      return;
    }
    this.plain.write(SSL_REQUEST);
    this.plain.once('data', (answer: Buffer) => {
      if (answer[0] !== ENCRYPTED) {
        this.end();
        return;
      }
      const secure = connectTls({ ...tls, socket: this.plain, ...(isIP(host) === 0 && { servername: host }) }, () =>
        this.begin(secure),
      );
      secure.on('error', () => this.end());
    });
  }

  private begin(server: Socket): void {
    this.server = server;
    server.on('data', (chunk: Buffer) => {
      for (const message of this.fromServer.read(chunk)) if (message.type === 'E') this.refused();
      this.client.write(chunk);
    });
    server.on('close', () => this.end());
    for (const chunk of this.early.splice(0)) server.write(chunk);
  }

  private onClient(chunk: Buffer): void {
    for (const message of this.fromClient.read(chunk)) this.keep(message);
    if (this.server === undefined) this.early.push(chunk);
    else this.server.write(chunk);
  }

  private keep({ type, body }: WireMessage): void {
    if (type === 'Q') this.add(readQuery(body), []);
    if (type === 'P') {
      const { name, sql } = readParse(body);
      this.prepared.set(name, sql);
    }
    if (type === 'B') {
      const { name, parameters } = readBind(body);
      this.add(this.prepared.get(name) ?? '', parameters);
    }
  }

  private add(sql: string, parameters: readonly (string | null)[]): void {
    this.statements.push({ session: this.number, sql, parameters, failed: false });
  }

  /** A program sends its next statement when the one before is answered. */
  private refused(): void {
    const last = this.statements.pop();
    if (last !== undefined) this.statements.push({ ...last, failed: true });
  }
}
