import { appendFile, readFile, stat, utimes } from 'node:fs/promises';
import { useParts } from '../support/fixture';
import { rawExchange } from '../support/sockets';
import { type TestGateway, type TestGatewayOptions } from '../support/test-gateway';

const URL_A = 'https://auth.example/oauth2/auth?client_id=a&state=s%2C1';
const URL_B = 'https://auth.example/oauth2/auth?client_id=b';
/** By default. */
const KEEP_MS = 86_400_000;
const LOGIN = '/oauth2/auth/requests/login';

const entry = (kind: string, value: string, requestUrl = URL_A) => ({ kind, value, requestUrl });

describe('challenges of blue', () => {
  const parts = useParts();

  const start = async (options: TestGatewayOptions = {}) => {
    const served: string[] = [];
    const side = (name: string) =>
      parts.upstream((request, response) => {
        served.push(`${name} ${request.url}`);
        request.resume().on('end', () => response.end(name));
      });
    const [blue, green] = [await side('blue'), await side('green')];
    const settings = { blue: blue.url, green: green.url, ...options };
    return { served, settings, gateway: await parts.gateway(settings) };
  };
  const flip = async (gateway: TestGateway) => {
    await gateway.stage(1, 'green');
    await gateway.apply(1);
  };
  const put = (gateway: TestGateway, entries: unknown) => gateway.control('PUT', '/stale-challenges', { entries });
  const get = (port: number, path: string) =>
    rawExchange(port, `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
  const metric = async (gateway: TestGateway, name: string) => {
    const text = await (await fetch(`${gateway.controlUrl}/metrics`, { headers: { Connection: 'close' } })).text();
    return new RegExp(`^${name.replace(/[{}]/g, '\\$&')} (\\d+)`, 'm').exec(text)?.[1];
  };

  it('pass to blue while blue serves, and lead back to their beginning once green does', async () => {
    const { gateway, served } = await start();
    const entries = [entry('login_challenge', 'c'), entry('consent_verifier', 'v', URL_B)];
    expect(await put(gateway, entries)).toEqual({ status: 200, body: { known: 2, entries: 2 } });
    expect(await get(gateway.adminPort, `${LOGIN}?login_challenge=c`)).toContain('blue');
    expect(await get(gateway.publicPort, '/oauth2/auth?consent_verifier=v')).toContain('blue');

    await flip(gateway);
    served.length = 0;
    const told = await get(gateway.adminPort, `/admin${LOGIN}?login_challenge=c`);
    expect(told).toMatch(/^HTTP\/1\.1 410 [^]*Content-Type: application\/json/);
    expect(JSON.parse(told.split('\r\n\r\n')[1] ?? '')).toEqual({ redirect_to: URL_A });
    const sent = await get(gateway.publicPort, '/oauth2/auth?consent_verifier=v');
    expect(sent).toMatch(/^HTTP\/1\.1 302 /);
    expect(sent).toContain(`\r\nLocation: ${URL_B}\r\n`);
    expect(served).toEqual([]);
    expect(await gateway.state()).toMatchObject({ inFlight: 0, staleChallenges: { known: 2 } });
    expect(await metric(gateway, 'gateway_stale_challenges_answered_total{listener="admin"}')).toBe('1');
    expect(await metric(gateway, 'gateway_stale_challenges_answered_total{listener="public"}')).toBe('1');

    expect(await get(gateway.adminPort, `${LOGIN}?login_challenge=other`)).toContain('green');
    expect(await get(gateway.publicPort, '/oauth2/auth?login_verifier=v')).toContain('green'); // another kind
    await gateway.stage(2, 'blue');
    await gateway.apply(2);
    expect(await get(gateway.adminPort, `${LOGIN}?login_challenge=c`)).toContain('blue');
  });

  it('go by what each side is and not by its name: the one that keeps them in its database gets them, whichever it is', async () => {
    const { gateway, served, settings } = await start();
    const side = (url: string, apiGeneration: 1 | 2) => ({ publicUrl: url, adminUrl: url, apiGeneration });
    const sides = { blue: side(settings.blue, 2), green: side(settings.green, 1) };
    const turned = await parts.gateway({ config: { sides } });
    for (const each of [gateway, turned]) await put(each, [entry('login_challenge', 'c')]);
    await flip(gateway);
    expect(await get(gateway.adminPort, `${LOGIN}?login_challenge=c`)).toContain('410');
    expect(await get(turned.adminPort, `${LOGIN}?login_challenge=c`)).toContain('410');
    await flip(turned);
    expect(await get(turned.adminPort, `${LOGIN}?login_challenge=c`)).toContain('green');
    expect(served).toEqual([`green ${LOGIN}?login_challenge=c`]);
  });

  it('are answered when the request was held through the switchover, and its body is read away', async () => {
    const { gateway, served } = await start();
    await put(gateway, [entry('login_challenge', 'c')]);
    await gateway.stage(1, 'green');
    await gateway.hold(1);
    const accept =
      `PUT ${LOGIN}/accept?login_challenge=c HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\n\r\n{"a":"bcde"}`.slice(
        0,
        -1,
      );
    const next = 'GET /next HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
    const answers = rawExchange(gateway.adminPort, accept + next);
    await gateway.until({ parked: 1 });
    await gateway.apply(1);
    expect(await answers).toMatch(/^HTTP\/1\.1 410 [^]*HTTP\/1\.1 200 [^]*green$/);
    expect(served).toEqual(['green /admin/next']);
  });

  it('are known after a restart, without a last line that a crash cut short, and nothing of them is in the file', async () => {
    const { gateway } = await start();
    await put(gateway, [entry('login_challenge', 'challenge-of-a-user'), entry('login_verifier', 'v')]);
    await put(gateway, [
      entry('consent_challenge', 'k', URL_B),
      entry('login_challenge', 'challenge-of-a-user', URL_B),
    ]);
    const file = `${gateway.stateFile}.stale-challenges`;
    expect(await readFile(file, 'utf8')).not.toContain('challenge-of-a-user');
    await appendFile(file, '{"url":"https://auth.exam');
    const again = await gateway.restart();
    expect(await again.state()).toMatchObject({ staleChallenges: { known: 3 } });
    await flip(again);
    const consent = '/oauth2/auth/requests/consent?consent_challenge=';
    expect(await get(again.adminPort, `${consent}k`)).toContain(URL_B);
    expect(await get(again.adminPort, `${LOGIN}?login_challenge=challenge-of-a-user`)).toContain(URL_A);
    expect(await put(again, [entry('consent_challenge', 'l')])).toMatchObject({ body: { known: 4 } });
    expect(await get(again.adminPort, `${consent}l`)).toContain(URL_A);
    const third = await again.restart();
    expect(await third.state()).toMatchObject({ staleChallenges: { known: 4 } });
    await third.close();
  });

  it('sent again change nothing', async () => {
    const { gateway } = await start();
    const entries = [entry('login_challenge', 'c'), entry('login_challenge', 'c'), entry('login_verifier', 'c')];
    expect(await put(gateway, entries)).toMatchObject({ body: { known: 2 } });
    const { size } = await stat(`${gateway.stateFile}.stale-challenges`);
    expect(await put(gateway, entries)).toMatchObject({ body: { known: 2 } });
    expect((await stat(`${gateway.stateFile}.stale-challenges`)).size).toBe(size);
  });

  it('are forgotten from the oldest when there are more than allowed, at a start too', async () => {
    const { gateway } = await start({ config: { staleChallenges: { max: 3 } } });
    for (const value of ['1', '2', '3', '4', '5']) await put(gateway, [entry('login_challenge', value)]);
    expect(await gateway.state()).toMatchObject({ staleChallenges: { known: 3 } });
    expect(await metric(gateway, 'gateway_stale_challenges_dropped_total')).toBe('2');
    const again = await gateway.restart();
    await flip(again);
    expect(await get(again.adminPort, `${LOGIN}?login_challenge=2`)).toContain('green');
    expect(await get(again.adminPort, `${LOGIN}?login_challenge=3`)).toContain('410');
    await again.close();
  });

  it('are forgotten, and their file is emptied, once nobody can come back with one; not sooner', async () => {
    const { gateway } = await start();
    await put(gateway, [entry('login_challenge', 'c')]);
    const file = `${gateway.stateFile}.stale-challenges`;
    const afterAges = async (running: TestGateway, ms: number) => {
      const then = new Date(Date.now() - ms);
      await utimes(file, then, then);
      return running.restart();
    };
    const young = await afterAges(gateway, KEEP_MS - 60_000);
    expect(await young.state()).toMatchObject({ staleChallenges: { known: 1 } });
    const old = await afterAges(young, KEEP_MS);
    expect(await old.state()).toMatchObject({ staleChallenges: { known: 0 } });
    expect(await readFile(file, 'utf8')).toBe('');
    expect(await put(old, [entry('login_challenge', 'd')])).toMatchObject({ body: { known: 1 } });
    expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({ url: URL_A });
    await old.close();
  });

  it('without a usable address are left out, and do not keep the others away', async () => {
    const { gateway } = await start();
    const entries = [entry('login_challenge', 'c', 'javascript:x'), entry('login_challenge', 'd')];
    expect(await put(gateway, entries)).toEqual({ status: 200, body: { known: 1, entries: 1 } });
  });

  it('come in bodies of some megabytes, and not with what is no challenge', async () => {
    const { gateway } = await start();
    const many = Array.from({ length: 1_000 }, (_, index) =>
      entry('login_verifier', `v${index}`, `${URL_A}&n=${index}&${'x'.repeat(4_000)}`),
    );
    expect(await put(gateway, many)).toMatchObject({ status: 200, body: { known: 1_000 } });
    const refused = await put(gateway, [entry('logout_challenge', 'not-to-be-shown')]);
    expect(refused).toMatchObject({ status: 400, body: { code: 'MALFORMED' } });
    expect(JSON.stringify(refused.body)).not.toContain('not-to-be-shown');
    await flip(gateway);
    expect(await get(gateway.publicPort, '/oauth2/auth?login_verifier=v7')).toContain(`${URL_A}&n=7&xxx`);
  });
});
