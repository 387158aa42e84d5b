import { BesideSplit } from '../../../../gateway/core/beside';
import { until } from '../../../support/until';
import { useParts } from '../support/fixture';
import { eventually } from '../support/sockets';

const NO_FORM = () => undefined;
const form = (fields: Record<string, string>) => () => new URLSearchParams(fields);

describe('the split between two Hydras of one side', () => {
  it('gives all to the old one at 0 and all to the new one at 100', () => {
    for (const [share, hydra] of [
      [0, 'old'],
      [100, 'new'],
    ] as const) {
      const split = new BesideSplit(share);
      for (let n = 0; n < 500; n += 1) {
        expect(split.pick([], NO_FORM)).toBe(hydra);
        expect(split.pick([], form({ token: `t${n}` }))).toBe(hydra);
      }
    }
  });

  it.each([1, 10, 50])('gives %d %% to the new one, exactly without a token and nearly with one', (share) => {
    const split = new BesideSplit(share);
    const picks = Array.from({ length: 1_000 }, () => split.pick([], NO_FORM));
    expect(picks.filter((hydra) => hydra === 'new')).toHaveLength(share * 10);
    const tokens = Array.from({ length: 20_000 }, (_value, n) =>
      split.pick([], form({ token: `ory_at_${n}.${n * 7}` })),
    );
    const part = tokens.filter((hydra) => hydra === 'new').length / 200;
    expect(Math.abs(part - share)).toBeLessThan(1.5);
  });

  it('keeps a token with one, wherever it is named, and moves tokens in one direction as the share rises', () => {
    const split = new BesideSplit(0);
    for (let n = 0; n < 200; n += 1) {
      const token = `token-${n}`;
      let before = 'old';
      for (const share of [0, 1, 10, 50, 99, 100]) {
        split.share = share;
        const picked = split.pick([], form({ token }));
        expect(split.pick([], form({ refresh_token: token, grant_type: 'refresh_token' }))).toBe(picked);
        expect(split.pick(['Authorization', `Bearer ${token}`], NO_FORM)).toBe(picked);
        expect(before === 'new' && picked === 'old').toBe(false);
        before = picked;
      }
      expect(before).toBe('new');
    }
  });
});

describe('a gateway before two Hydras of blue', () => {
  const parts = useParts();

  it('splits by the share that it was told, durably, and counts each one’s answers', async () => {
    const hydra = (name: string) =>
      parts.upstream((request, response) => {
        request.resume();
        response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify({ name }));
      });
    const [older, newer] = [await hydra('old'), await hydra('new')];
    const nobody = 'http://127.0.0.1:1';
    const gateway = await parts.gateway({
      config: {
        sides: {
          blue: {
            ...{ publicUrl: newer.url, adminUrl: newer.url, apiGeneration: 1 },
            older: { publicUrl: older.url, adminUrl: older.url },
          },
          green: { publicUrl: nobody, adminUrl: nobody, apiGeneration: 2 },
        },
      },
    });
    const ask = async (url: string, token?: string) => {
      const body = token === undefined ? {} : { method: 'POST', body: new URLSearchParams({ token }) };
      const answer = await fetch(`${url}/oauth2/revoke`, { ...body, headers: { Connection: 'close' } });
      return ((await answer.json()) as { name: string }).name;
    };
    expect(await ask(gateway.publicUrl)).toBe('old');
    expect((await gateway.control('GET', '/beside')).body).toMatchObject({ share: 0 });
    expect((await gateway.control('PUT', '/beside', { share: 101, order: 5 })).status).toBe(400);
    expect((await gateway.control('PUT', '/beside', { share: 50, order: 5 })).body).toEqual({ share: 50, order: 5 });
    const names = new Set<string>();
    for (let n = 0; n < 20; n += 1) {
      const name = await ask(gateway.publicUrl, `token-${n}`);
      expect(await ask(gateway.publicUrl, `token-${n}`)).toBe(name);
      names.add(name);
    }
    expect([...names].sort()).toEqual(['new', 'old']);
    const metrics = await (await fetch(`${gateway.controlUrl}/metrics`, { headers: { Connection: 'close' } })).text();
    const count = (name: string) =>
      Number(
        new RegExp(`gateway_beside_answers_total\\{[^}]*outcome="ok"[^}]*hydra="${name}"[^}]*\\} (\\d+)`).exec(
          metrics,
        )?.[1] ??
          new RegExp(`gateway_beside_answers_total\\{[^}]*hydra="${name}"[^}]*outcome="ok"[^}]*\\} (\\d+)`).exec(
            metrics,
          )?.[1],
      );
    expect(count('old') + count('new')).toBe(41);
    const again = await parts.keep(gateway.restart());
    expect((await again.control('GET', '/beside')).body).toMatchObject({ share: 50, order: 5 });
  });

  it('gives a refresh the one answer that it had, whichever of the two would be asked by then', async () => {
    const waiting: (() => void)[] = [];
    const hydra = (name: string) =>
      parts.upstream((request, response) => {
        request.resume();
        waiting.push(() => response.writeHead(200, { 'Content-Type': 'application/json' }).end(`{"said":"${name}"}`));
      });
    const [older, newer] = [await hydra('old'), await hydra('new')];
    const nobody = 'http://127.0.0.1:1';
    const blue = { publicUrl: newer.url, adminUrl: newer.url, apiGeneration: 1 };
    const gateway = await parts.gateway({
      config: {
        refreshRetries: { keepMs: 60_000 },
        sides: {
          blue: { ...blue, older: { publicUrl: older.url, adminUrl: older.url } },
          green: { publicUrl: nobody, adminUrl: nobody, apiGeneration: 2 },
        },
      },
    });
    const refresh = async (token: string): Promise<string> => {
      const body = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: token });
      const headers = { Connection: 'close' };
      return (await fetch(`${gateway.publicUrl}/oauth2/token`, { method: 'POST', body, headers })).text();
    };
    const first = refresh('r');
    await eventually(() => waiting.length === 1);
    await gateway.control('PUT', '/beside', { share: 100, order: 1 });
    const meanwhile = refresh('r');
    const shared = async () =>
      (await fetch(`${gateway.controlUrl}/metrics`, { headers: { Connection: 'close' } })).text();
    while (!/gateway_refreshes_spared_total\{how="shared"\} 1/.test(await shared()));
    waiting[0]?.();
    expect([await first, await meanwhile, await refresh('r')]).toEqual(Array(3).fill('{"said":"old"}'));
    expect(waiting).toHaveLength(1);
    const other = refresh('s');
    await eventually(() => waiting.length === 2);
    waiting[1]?.();
    expect(await other).toBe('{"said":"new"}');
  });

  it('says which of them is ready, and what each has not answered', async () => {
    const waiting: (() => void)[] = [];
    const older = await parts.upstream((request, response) => {
      request.resume();
      const answer = () => response.writeHead(200, { 'Content-Type': 'application/json' }).end('{}');
      if (request.url === '/health/ready') answer();
      else waiting.push(answer);
    });
    const nobody = 'http://127.0.0.1:1';
    const gateway = await parts.gateway({
      config: {
        sides: {
          blue: {
            ...{ publicUrl: nobody, adminUrl: nobody, apiGeneration: 1 },
            older: { publicUrl: older.url, adminUrl: older.url },
          },
          green: { publicUrl: nobody, adminUrl: nobody, apiGeneration: 2 },
        },
      },
    });
    const beside = async () =>
      (await gateway.control('GET', '/beside')).body as {
        ready: { old: boolean };
        inFlight: { old: number; new: number };
      };
    const ask = () => fetch(`${gateway.publicUrl}/oauth2/revoke`, { headers: { Connection: 'close' } });
    const inFlight = (old: number) =>
      until(`${old} in flight at the old one`, async () => (await beside()).inFlight.old === old);
    await until('the old one is ready', async () => (await beside()).ready.old);
    const answers = [ask(), ask()];
    await until('both requests are at the old one', () => waiting.length === 2);
    await gateway.control('PUT', '/beside', { share: 100, order: 1 });
    expect(await beside()).toEqual({
      share: 100,
      order: 1,
      ready: { old: true, new: false },
      inFlight: { old: 2, new: 0 },
    });
    waiting.shift()?.();
    await inFlight(1);
    waiting.shift()?.();
    await Promise.all(answers);
    await inFlight(0);
    expect((await ask()).status).toBe(502);
    expect((await beside()).inFlight).toEqual({ old: 0, new: 0 });
  });

  it('keeps its share when an order comes that is older than the one it has, after a restart too', async () => {
    const nobody = 'http://127.0.0.1:1';
    const blue = { publicUrl: nobody, adminUrl: nobody, apiGeneration: 1 };
    const gateway = await parts.gateway({
      config: {
        sides: {
          blue: { ...blue, older: { publicUrl: nobody, adminUrl: nobody } },
          green: { publicUrl: nobody, adminUrl: nobody, apiGeneration: 2 },
        },
      },
    });
    const tell = (share: number, order: number) => gateway.control('PUT', '/beside', { share, order });
    const [earlier, later] = [tell(50, 5), tell(0, 6)];
    expect([(await earlier).status, (await later).status]).toEqual([200, 200]);
    expect(await tell(50, 5)).toMatchObject({
      status: 409,
      body: { code: 'STALE_ORDER', message: 'order 5 comes too late: the share is 0 % by order 6' },
    });
    // A repeat, whose answer was lost.
    expect((await tell(0, 6)).status).toBe(200);
    const again = await parts.keep(gateway.restart());
    expect((await again.control('PUT', '/beside', { share: 50, order: 5 })).status).toBe(409);
    expect((await again.control('GET', '/beside')).body).toMatchObject({ share: 0, order: 6 });
  });

  it('knows of no share where blue is one Hydra', async () => {
    const gateway = await parts.gateway({});
    expect((await gateway.control('PUT', '/beside', { share: 50, order: 1 })).status).toBe(404);
  });
});
