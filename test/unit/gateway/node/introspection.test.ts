import { useParts } from '../support/fixture';
import { rawExchange } from '../support/sockets';

/** A side as Hydra is one: ready while its database is there, and 200 `active: false` for every token when it is not. */
describe('introspection', () => {
  const parts = useParts();

  interface Database {
    up: boolean;
    /** Called before each answer; may change `up`. */
    beforeAnswer?: () => void;
    tokens: Set<string>;
  }

  async function setUp(database: Database, config: Readonly<Record<string, object>> = {}) {
    const blue = await parts.upstream(
      (request, response) => {
        let body = '';
        request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
        request.on('end', () => {
          database.beforeAnswer?.();
          const token = new URLSearchParams(body).get('token') ?? '';
          const active = database.up && database.tokens.has(token);
          response.writeHead(200, { 'Content-Type': 'application/json', 'X-From': 'hydra' });
          response.end(JSON.stringify({ active }));
        });
      },
      { ready: () => database.up },
    );
    const gateway = await parts.gateway({ blue: blue.url, config });
    const introspect = async (token: string, path = '/oauth2/introspect') => {
      const body = `token=${token}`;
      const answer = await rawExchange(
        gateway.adminPort,
        `POST ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      );
      return { status: Number(answer.slice(9, 12)), text: answer };
    };
    return { blue, gateway, introspect };
  }

  /** Polls so rarely that only the checks of a request itself can notice a change. */
  const RARE_POLLS = { readiness: { intervalMs: 60_000 } };

  it('relays an active token after one answer, and an inactive one after two', async () => {
    const { blue, introspect } = await setUp({ up: true, tokens: new Set(['good']) });
    expect(await introspect('good')).toMatchObject({
      status: 200,
      text: expect.stringMatching(/{"active":true}/) as string,
    });
    expect(blue.seen).toHaveLength(1);
    const revoked = await introspect('revoked', '/admin/oauth2/introspect');
    expect(revoked).toMatchObject({
      status: 200,
      text: expect.stringMatching(/X-From: hydra[^]*{"active":false}/) as string,
    });
    expect(blue.seen).toHaveLength(3);
  });

  it('is 503 with Retry-After while the side is not ready, and the side is not even asked', async () => {
    const { blue, introspect } = await setUp({ up: false, tokens: new Set(['good']) });
    const answer = await introspect('good');
    expect(answer.status).toBe(503);
    expect(answer.text).toMatch(/Retry-After: 1/);
    expect(blue.seen).toEqual([]);
  });

  it('is 503 when the database goes away after the last poll said it was there', async () => {
    const database: Database = { up: true, tokens: new Set(['good']) };
    const { introspect } = await setUp(database, RARE_POLLS);
    expect((await introspect('good')).status).toBe(200);
    database.up = false;
    expect((await introspect('good')).status).toBe(503);
    database.up = true;
    expect((await introspect('good')).status).toBe(200);
  });

  it('does not relay the "inactive" of an interruption that is over before anybody can look', async () => {
    const database: Database = { up: true, tokens: new Set(['good']) };
    const { introspect } = await setUp(database, RARE_POLLS);
    expect((await introspect('good')).status).toBe(200);
    let answers = 0;
    database.up = false;
    database.beforeAnswer = () => {
      answers += 1;
      if (answers > 1) return;
      setImmediate(() => (database.up = true)); // gone for this answer only
    };
    expect(await introspect('good')).toMatchObject({
      status: 200,
      text: expect.stringMatching(/{"active":true}/) as string,
    });
    expect(answers).toBe(2);
  });

  it('leaves other requests alone while the side is not ready', async () => {
    const { gateway } = await setUp({ up: false, tokens: new Set() });
    const answer = await rawExchange(
      gateway.adminPort,
      'POST /oauth2/token HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n',
    );
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
  });

  it('passes chunked requests, other statuses, and refuses a body that no token needs', async () => {
    const blue = await parts.upstream((request, response) => {
      request.resume().on('end', () => response.writeHead(401, { 'Content-Length': '2' }).end('no'));
    });
    const gateway = await parts.gateway({ blue: blue.url });
    const head = 'POST /oauth2/introspect HTTP/1.1\r\nHost: x\r\nConnection: close\r\n';
    const chunked = `${head}Transfer-Encoding: chunked\r\n\r\n7\r\ntoken=a\r\n0\r\n\r\n`;
    expect(await rawExchange(gateway.adminPort, chunked)).toMatch(/^HTTP\/1\.1 401 [^]*no$/);
    expect(blue.seen[0]?.rawHeaders).toEqual(expect.arrayContaining(['Content-Length', '7']));
    expect(await rawExchange(gateway.adminPort, `${head}Content-Length: 300000\r\n\r\n`)).toMatch(/^HTTP\/1\.1 413 /);
    const expecting = `${head}Content-Length: 7\r\nExpect: 100-continue\r\n\r\n`;
    expect(await rawExchange(gateway.adminPort, `${expecting}token=a`)).toMatch(/100 Continue[^]*401/);
  });

  it.each([
    ['hangs', () => undefined],
    ['dies', (socket: { destroy(): void }) => socket.destroy()],
  ])('is an error and never "inactive" when the side %s in the middle of its answer', async (_name, then) => {
    const blue = await parts.rawUpstream((socket) =>
      socket.on('data', (data) => {
        if (data.toString().includes('/health/')) socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
        else socket.write('HTTP/1.1 200 OK\r\nContent-Length: 16\r\n\r\n{"active":', () => then(socket));
      }),
    );
    const gateway = await parts.gateway({ blue: blue.url, config: { upstream: { responseTimeoutMs: 300 } } });
    const answer = await rawExchange(
      gateway.adminPort,
      'POST /oauth2/introspect HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 7\r\n\r\ntoken=a',
    );
    expect(answer).toMatch(/^HTTP\/1\.1 50[24] /);
    await gateway.until({ inFlight: 0 });
  });
});
