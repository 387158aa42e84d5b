import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { type IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { parse } from 'yaml';
import { gatewayConfigSchema } from '../../../gateway/node/config-schema';
import { authority, type Authority } from '../../support/authority';
import { nginxOrWarning, startNginx } from '../../support/nginx';
import { GatewayHome, type GatewayProcess } from '../../unit/gateway/support/gateway-process';
import { startUpstream, type TestUpstream } from '../../unit/gateway/support/sockets';
import { freePort } from '../../../world/net/free-port';

const CONFIG = join(__dirname, '..', '..', '..', 'gateway', 'deploy', 'nginx.conf');
const nginx = nginxOrWarning(process.env, (line) => process.stderr.write(line));
/** What a login challenge of 2.x takes in a request and in its answer. */
const CHALLENGE = 'c'.repeat(6_000);

async function metricsOf(controlUrl: string): Promise<string> {
  return (await fetch(`${controlUrl}/metrics`, { headers: { Connection: 'close' } })).text();
}

describe('the shipped nginx config', () => {
  it('waits for longer than a request may be parked and then answered', () => {
    const seconds = Number(/proxy_read_timeout (\d+)s;/.exec(readFileSync(CONFIG, 'utf8'))?.[1]);
    const example = readFileSync(join(__dirname, '..', '..', '..', 'examples', 'gateway.yaml'), 'utf8');
    const { hold, upstream } = gatewayConfigSchema.parse(parse(example));
    expect(seconds * 1_000).toBeGreaterThan(hold.maxParkedMs + upstream.responseTimeoutMs);
  });
});

// Not `describe.skip`: nothing here is ever reported as skipped. Without nginx a line on stderr says so, and CI fails.
if (nginx !== undefined) describe('the gateway behind nginx, as the page has it', () => proxied(nginx));

function proxied(binary: string): void {
  let home: GatewayHome;
  let ours: Authority;
  let blue: TestUpstream;
  let gateways: GatewayProcess[];
  let port = 0;
  let stop: () => Promise<void>;
  let agent: Agent;

  beforeAll(async () => {
    home = await GatewayHome.create();
    ours = await authority();
    agent = new Agent({ ca: ours.cert });
    blue = await startUpstream((incoming, response) => {
      // A kept connection of a gateway would be open after the test that it came with.
      response.shouldKeepAlive = false;
      incoming.resume().on('end', () => {
        response.writeHead(302, { location: `/login?login_challenge=${CHALLENGE}`, 'set-cookie': `a=${CHALLENGE}` });
        response.end('blue');
      });
    });
    const files = { 'auth.pem': 'auth.example.com', 'gateway.pem': 'gateway.internal.example' };
    for (const [name, host] of Object.entries(files)) {
      const { cert, key } = await ours.issue(host);
      await writeFile(join(home.folder, name), cert);
      await writeFile(join(home.folder, name.replace('.pem', '-key.pem')), key);
    }
    await writeFile(join(home.folder, 'gateway-ca.pem'), ours.cert);
    const tls = { certFile: 'gateway.pem', keyFile: 'gateway-key.pem' };
    const listeners = { public: { port: 0, tls }, admin: { port: 0 }, control: { port: 0 } };
    const options = { blue: blue.url, config: { listeners, trustedProxies: ['127.0.0.1'] } };
    gateways = [
      await home.start(options),
      await home.start({ ...options, config: { ...options.config, stateFile: join(home.folder, 'second.json') } }),
    ];
    port = await freePort();
    stop = await startNginx(binary, { folder: join(home.folder, 'nginx'), servers: servers(), port });
  });
  afterAll(async () => {
    agent.destroy();
    await stop();
    await home.close();
    await blue.close();
  });

  /** What is shipped, at addresses of this test. */
  function servers(): string {
    const [first, second] = gateways.map(({ publicPort }) => publicPort);
    const shipped = readFileSync(CONFIG, 'utf8')
      .replaceAll(/^ *#.*$/gm, '')
      .replace('10.0.1.11:4444', `127.0.0.1:${first ?? 0}`)
      .replace('10.0.1.12:4444', `127.0.0.1:${second ?? 0}`)
      .replace('listen 443 ssl', `listen 127.0.0.1:${port} ssl`)
      .replaceAll('/etc/nginx/tls/', `${home.folder}/`);
    expect(shipped).not.toMatch(/10\.0\.1|\/etc\//);
    return shipped;
  }

  async function ask(path: string, headers: Record<string, string> = {}, body?: string): Promise<IncomingMessage> {
    const options = { host: '127.0.0.1', port, path, agent, servername: 'auth.example.com' };
    const method = body === undefined ? 'GET' : 'POST';
    const sent = request({ ...options, method, headers: { host: 'auth.example.com', ...headers } });
    sent.end(body);
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    response.resume();
    return response;
  }

  const field = (name: string) => {
    const { rawHeaders } = blue.seen.at(-1) ?? { rawHeaders: [] };
    return rawHeaders.filter((_value, index) => rawHeaders[index - 1]?.toLowerCase() === name && index % 2 === 1);
  };

  it('passes challenges of 2.x both ways, and what Hydra needs to know of the client, not what the client says', async () => {
    const response = await ask(`/oauth2/auth?login_verifier=${CHALLENGE}`, {
      cookie: `a=${CHALLENGE}`,
      'x-forwarded-for': '6.6.6.6',
      'x-real-ip': '6.6.6.6',
    });
    expect(response.statusCode).toBe(302);
    expect(response.headers.location).toHaveLength('/login?login_challenge='.length + CHALLENGE.length);
    expect([field('host'), field('x-forwarded-proto')]).toEqual([['auth.example.com'], ['https']]);
    expect(field('x-forwarded-for').join()).not.toContain('6.6.6.6');
    expect(field('x-forwarded-for').join()).toMatch(/^127\.0\.0\.1/);
    expect(field('x-real-ip')).toEqual(['127.0.0.1']);
    expect(field('x-request-id')).toEqual([expect.stringMatching(/^[0-9a-f]{32}$/)]);
  });

  it('keeps what a client sends slowly: no gateway has a request of it', async () => {
    const before = blue.seen.length;
    const socket = connect({ port, host: '127.0.0.1', ca: ours.cert, servername: 'auth.example.com' });
    await once(socket, 'secureConnect');
    socket.write('POST /oauth2/token HTTP/1.1\r\nHost: auth.example.com\r\nContent-Length: 10\r\n\r\nhalf');
    // Whoever comes after it has an answer, and nothing of the slow one has arrived anywhere.
    expect((await ask('/')).statusCode).toBe(302);
    for (const gateway of gateways) expect(await gateway.state()).toMatchObject({ inFlight: 0, receiving: 0 });
    expect(blue.seen.length).toBe(before + 1);
    socket.write('-rest!');
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 302 /);
    expect(blue.seen.at(-1)).toMatchObject({ method: 'POST', url: '/oauth2/token' });
    socket.destroy();
  });

  it('sends a refresh token to the same gateway each time, however its form is ordered, and spreads the rest', async () => {
    const reached = async () => {
      const texts = await Promise.all(gateways.map(({ controlUrl }) => metricsOf(controlUrl)));
      return texts.map((text) => Number(/^gateway_requests_total\{listener="public".*\} (\d+)$/m.exec(text)?.[1] ?? 0));
    };
    const spread = async (bodyOf: (index: number) => string) => {
      const before = await reached();
      for (let index = 0; index < 40; index += 1) await ask('/oauth2/token', {}, bodyOf(index));
      return (await reached()).map((count, index) => count - (before[index] ?? 0));
    };
    const scope = `scope=${'s'.repeat(40_000)}`;
    const one = await spread((index) =>
      index % 2 ? `grant_type=refresh_token&refresh_token=one` : `refresh_token=one&grant_type=refresh_token&${scope}`,
    );
    expect(one.sort()).toEqual([0, 40]);
    const many = await spread((index) => `grant_type=refresh_token&refresh_token=${index}`);
    expect(Math.min(...many)).toBeGreaterThan(0);
    const others = await spread(() => 'grant_type=client_credentials');
    expect(Math.min(...others)).toBeGreaterThan(0);
  });

  it('lets requests wait for a switchover and answers them, and sends no token request twice when a gateway is gone', async () => {
    for (const gateway of gateways) {
      await gateway.stage(1, 'blue');
      await gateway.hold(1);
    }
    const waiting = [ask('/oauth2/token', {}, 'grant_type=x'), ask('/oauth2/token', {}, 'grant_type=y')];
    const parked = async () => {
      const states = await Promise.all(gateways.map((gateway) => gateway.state()));
      return states.reduce((sum, state) => sum + Number(state['parked']), 0);
    };
    while ((await parked()) < 2) await new Promise((resolve) => setTimeout(resolve, 20));
    const before = blue.seen.length;
    for (const gateway of gateways) await gateway.apply(1);
    expect((await Promise.all(waiting)).map(({ statusCode }) => statusCode)).toEqual([302, 302]);
    expect(blue.seen.length).toBe(before + 2);
    await gateways[0]?.kill('SIGKILL');
    const answers: (number | undefined)[] = [];
    for (let each = 0; each < 4; each += 1) answers.push((await ask('/.well-known/jwks.json')).statusCode);
    expect(answers).toEqual([302, 302, 302, 302]);
  });
}
