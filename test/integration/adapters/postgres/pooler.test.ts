import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { PostgresDatabases } from '../../../../adapters/postgres/postgres-databases';
import { useDatabase } from '../../../support/database';

const database = useDatabase('empty');
const REFUSAL = 'unsupported startup parameter in options: tcp_keepalives_idle';

/** What a pooler does to the first message of a session, as far as its client can see. */
type Pooler = (startup: Buffer, client: Socket) => Buffer | null;

/** A startup message is its length, the protocol version, and names and values, each ended by a zero byte. */
const ignores: Pooler = (startup) => {
  const words = startup.subarray(8, -1).toString('latin1').split('\0').slice(0, -1);
  const at = words.indexOf('options');
  if (at >= 0) words.splice(at, 2);
  const body = Buffer.from(`${words.join('\0')}\0\0`, 'latin1');
  const head = Buffer.alloc(8);
  head.writeInt32BE(8 + body.length, 0);
  startup.copy(head, 4, 4, 8);
  return Buffer.concat([head, body]);
};

const refuses: Pooler = (_startup, client) => {
  const fields = Buffer.from(`SFATAL\0VFATAL\0C08P01\0M${REFUSAL}\0\0`, 'latin1');
  const head = Buffer.from('E\0\0\0\0', 'latin1');
  head.writeInt32BE(4 + fields.length, 1);
  client.end(Buffer.concat([head, fields]));
  return null;
};

async function startPooler(pooler: Pooler): Promise<Server> {
  const server = createServer((client) => {
    client.on('error', () => undefined);
    client.once('data', (startup: Buffer) => {
      const passed = pooler(startup, client);
      if (passed === null) return;
      const upstream = connect(database.config.port, database.config.host);
      upstream.on('error', () => client.destroy());
      upstream.write(passed);
      client.pipe(upstream).pipe(client);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

describe('a pooler between this tool and a database', () => {
  it.each([
    ['refuses the settings of a session', refuses],
    ['ignores the settings of a session', ignores],
  ])('that %s is named, and no session comes about', async (_what, pooler) => {
    const server = await startPooler(pooler);
    try {
      const { database: name, user, password } = database.config;
      const { port } = server.address() as AddressInfo;
      const side = { host: '127.0.0.1', port, name, user, password: () => password, ssl: { mode: 'disable' as const } };
      const databases = new PostgresDatabases({
        sides: { blue: side, green: side },
        provider: { describeInstance: () => Promise.resolve(undefined) },
      });
      await expect(databases.withSession('blue', () => Promise.resolve('a session'))).rejects.toMatchObject({
        code: 'DB_UNREACHABLE',
        message: expect.stringMatching(
          /a pooler answers there.*set blue\.database\.host and port to the server itself/,
        ) as string,
      });
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  });
});
