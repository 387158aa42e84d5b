import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import {
  adminLoginApp,
  createOauthClient,
  grantTokens,
  introspectToken,
  type OauthClient,
  OauthHttp,
  revokeToken,
} from '../../../world/oauth';
import { useDatabase } from '../../support/database';
import { startHydra, type TestHydra } from '../../support/hydra';
import { useParts } from '../../unit/gateway/support/fixture';
import { eventually, RawClient } from '../../unit/gateway/support/sockets';

const database = useDatabase('hydra_1_11_10');

interface Answer {
  readonly status: number;
  readonly text: string;
}

/** Where the tokens of a login stand, as Hydra itself sees them. */
type Alive = readonly boolean[];

describe('a refresh that is sent twice to a real 1.11.10', () => {
  const parts = useParts();
  let hydra: TestHydra;
  let http: OauthHttp;
  let client: OauthClient;
  beforeAll(async () => {
    hydra = await startHydra({ version: '1.11.10', database: database.config, loginAppUrl: 'http://127.0.0.1:9' });
    const { publicUrl, adminUrl, adminPrefix, issuer } = hydra;
    http = new OauthHttp({ publicUrl, adminUrl, adminPrefix, issuer }, { forwardedProto: true });
    client = await createOauthClient(http);
  });
  afterAll(async () => {
    await http.close();
    await hydra.stop();
  });

  /** A gateway, and before Hydra something that passes an answer on only when it is told to. */
  async function setUp(keepMs: number) {
    const answers: (Answer & { readonly pass: () => void })[] = [];
    const slow = await parts.upstream((incoming, response) => {
      const { method, url, rawHeaders } = incoming;
      const forwarded = request(`${hydra.publicUrl}${url ?? ''}`, { method, headers: rawHeaders, agent: false });
      incoming.pipe(forwarded);
      void once(forwarded, 'response').then(async ([answer]: IncomingMessage[]) => {
        let text = '';
        for await (const chunk of answer?.setEncoding('utf8') ?? []) text += String(chunk);
        const status = answer?.statusCode ?? 0;
        const pass = () => response.writeHead(status, { 'Content-Type': 'application/json' }).end(text);
        answers.push({ status, text, pass });
      });
    });
    const gateway = await parts.gateway({
      blue: slow.url,
      green: hydra.publicUrl,
      config: { refreshRetries: { keepMs } },
    });
    const spared = async (how: string) => {
      const response = await fetch(`${gateway.controlUrl}/metrics`, { headers: { Connection: 'close' } });
      const count = new RegExp(`gateway_refreshes_spared_total\\{how="${how}"\\} (\\d+)`).exec(await response.text());
      return Number(count?.[1] ?? 0);
    };
    const send = async (bytes: string) => (await RawClient.connect(gateway.publicPort)).send(bytes);
    return { answers, gateway, send, spared };
  }

  async function login(): Promise<string> {
    const loginApp = adminLoginApp(http, { subject: 'ada' });
    return (await grantTokens(http, { client, loginApp })).tokens.refreshToken ?? '';
  }

  function refreshOf(token: string, { id = client.id, secret = client.secret, headers = '' } = {}): string {
    const body = `grant_type=refresh_token&refresh_token=${encodeURIComponent(token)}`;
    const basic = Buffer.from(`${id}:${secret ?? ''}`).toString('base64');
    return (
      `POST /oauth2/token HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\n` +
      `Authorization: Basic ${basic}\r\n${headers}Content-Length: ${body.length}\r\n\r\n${body}`
    );
  }

  async function alive(text: string): Promise<Alive> {
    const tokens = JSON.parse(text) as Record<string, string>;
    const all = [tokens['access_token'], tokens['refresh_token']];
    return Promise.all(all.map(async (token) => (await introspectToken(http, token ?? '')).active));
  }

  const bodyOf = (answer: string) => /\{.*\}/.exec(answer)?.[0] ?? '';
  const statusOf = (answer: string) => Number(answer.split(' ', 2)[1]);

  it('costs the login without the feature', async () => {
    const { answers, send } = await setUp(0);
    const bytes = refreshOf(await login());
    const lost = await send(bytes);
    await eventually(() => answers.length === 1);
    lost.destroy();
    expect(answers[0]?.status).toBe(200);
    expect(await alive(answers[0]?.text ?? '')).toEqual([true, true]);
    const retry = await send(bytes);
    await eventually(() => answers.length === 2);
    answers[1]?.pass();
    expect(statusOf(await retry.closed())).toBe(401);
    expect(await alive(answers[0]?.text ?? '')).toEqual([false, false]);
  });

  it('has one answer, at once and again when it was lost, and the login lives on', async () => {
    const { answers, send, spared } = await setUp(60_000);
    const bytes = refreshOf(await login());
    const [first, second] = [await send(bytes), await send(bytes)];
    while ((await spared('shared')) < 1);
    await eventually(() => answers.length === 1);
    answers[0]?.pass();
    const said = [await first.closed(), await second.closed(), await (await send(bytes)).closed()];
    expect(said.map(statusOf)).toEqual([200, 200, 200]);
    expect(said.map(bodyOf)).toEqual([answers[0]?.text, answers[0]?.text, answers[0]?.text]);
    expect(answers).toHaveLength(1);
    expect(await alive(answers[0]?.text ?? '')).toEqual([true, true]);
    // What it was given can be refreshed in its turn.
    const { refresh_token: next } = JSON.parse(answers[0]?.text ?? '') as Record<string, string>;
    const refreshed = await send(refreshOf(next ?? ''));
    await eventually(() => answers.length === 2);
    answers[1]?.pass();
    expect(statusOf(await refreshed.closed())).toBe(200);
  });

  it('has the answer whose client was cut off before it came; a wrong secret has none of it', async () => {
    const { answers, gateway, send, spared } = await setUp(60_000);
    const token = await login();
    const cut = await send(refreshOf(token));
    await eventually(() => answers.length === 1);
    cut.destroy();
    answers[0]?.pass();
    await gateway.until({ inFlight: 0 });
    expect(bodyOf(await (await send(refreshOf(token))).closed())).toBe(answers[0]?.text);
    expect([answers.length, await spared('kept')]).toEqual([1, 1]);
    for (const index of [1, 2]) {
      const stranger = await send(refreshOf(token, { secret: 'wrong' }));
      await eventually(() => answers.length === index + 1);
      answers[index]?.pass();
      // Refused each time by Hydra itself: a refusal is not kept.
      expect(statusOf(await stranger.closed())).toBe(401);
    }
    expect(await alive(answers[0]?.text ?? '')).toEqual([true, true]);
  });

  it('is answered by Hydra itself once a hold began, and by the other side after a flip; what was under way is right', async () => {
    const { answers, gateway, send, spared } = await setUp(60_000);
    const kept = refreshOf(await login());
    const first = await send(kept);
    await eventually(() => answers.length === 1);
    answers[0]?.pass();
    expect([statusOf(await first.closed()), statusOf(await (await send(kept)).closed())]).toEqual([200, 200]);
    await gateway.stage(1, 'green');
    await gateway.hold(1);
    const held = await send(kept);
    await gateway.until({ parked: 1 });
    await gateway.revert(1);
    await eventually(() => answers.length === 2);
    answers[1]?.pass();
    expect([statusOf(await held.closed()), await spared('kept')]).toEqual([401, 1]);

    const underWay = refreshOf(await login());
    const other = await send(underWay);
    await eventually(() => answers.length === 3);
    await gateway.stage(2, 'green');
    const holding = gateway.hold(2);
    await gateway.until({ mode: 'hold' });
    answers[2]?.pass();
    expect((await holding).status).toBe(200);
    const said = bodyOf(await other.closed());
    expect(said).toBe(answers[2]?.text);
    expect((await gateway.apply(2)).status).toBe(200);
    // Green goes on from what was given out at the hold, and keeps answers of its own.
    const next = refreshOf((JSON.parse(said) as Record<string, string>)['refresh_token'] ?? '');
    const atGreen = [await (await send(next)).closed(), await (await send(next)).closed()];
    expect(atGreen.map(statusOf)).toEqual([200, 200]);
    expect(bodyOf(atGreen[0] ?? '')).toBe(bodyOf(atGreen[1] ?? ''));
    expect(await alive(bodyOf(atGreen[0] ?? ''))).toEqual([true, true]);
    expect(statusOf(await (await send(underWay)).closed())).toBe(401);
    expect([answers.length, await spared('kept')]).toEqual([3, 2]);
  });

  it('brings nothing back to life: after a revocation its answer holds what is dead, and no client gets another one’s', async () => {
    const { answers, gateway, send } = await setUp(60_000);
    const token = await login();
    const passed = async (bytes: string) => {
      const at = answers.length;
      const sent = await send(bytes);
      await eventually(() => answers.length > at);
      answers[at]?.pass();
      return sent.closed();
    };
    const said = bodyOf(await passed(refreshOf(token)));
    const other = await createOauthClient(http);
    const asOther = refreshOf(token, { id: other.id, secret: other.secret });
    expect(statusOf(await passed(asOther))).toBe(401);
    const { refresh_token: next = '' } = JSON.parse(said) as Record<string, string>;
    await revokeToken(http, client, next);
    expect(bodyOf(await (await send(refreshOf(token))).closed())).toBe(said);
    expect(await alive(said)).toEqual([false, false]);
    expect(statusOf(await passed(refreshOf(next)))).toBe(401);
    await gateway.until({ inFlight: 0 });
  });

  it('goes to Hydra each time with a DPoP proof', async () => {
    const { answers, send, spared } = await setUp(60_000);
    const bytes = refreshOf(await login(), { headers: 'DPoP: proof\r\n' });
    const statuses: number[] = [];
    for (const index of [0, 1]) {
      const sent = await send(bytes);
      await eventually(() => answers.length === index + 1);
      answers[index]?.pass();
      statuses.push(statusOf(await sent.closed()));
    }
    expect(statuses).toEqual([200, 401]);
    expect([await spared('kept'), await spared('shared')]).toEqual([0, 0]);
  });
});
