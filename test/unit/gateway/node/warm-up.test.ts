import { type IncomingMessage, type ServerResponse } from 'node:http';
import { useParts } from '../support/fixture';

const AT_ONCE = 2 * 3;

describe('POST /warm-up', () => {
  const parts = useParts();

  /** Answers a wave when all of it is there, so that fewer at once would never be answered. */
  async function hydraThatWaitsForAll(seen: string[]) {
    let waiting: ServerResponse[] = [];
    return parts.upstream((request: IncomingMessage, response: ServerResponse) => {
      if (request.method === 'GET') return void response.end('{}');
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        seen.push(`${request.method} ${request.url} ${Buffer.concat(chunks).toString().split('=')[0]}`);
        waiting.push(response);
        if (waiting.length < AT_ONCE) return;
        const all = waiting;
        waiting = [];
        for (const each of all) each.end('{"active":false}');
      });
    });
  }

  it.each([
    ['green', 'POST /admin/oauth2/introspect token'],
    ['blue', 'POST /oauth2/introspect token'],
  ] as const)('asks %s as its version is asked, so many at once, about other tokens each time', async (side, asked) => {
    const seen: string[] = [];
    const hydra = await hydraThatWaitsForAll(seen);
    const gateway = await parts.gateway({ [side]: hydra.url, config: { hold: { releaseAtOnce: 3 } } });
    await expect(gateway.control('POST', '/warm-up', { side })).resolves.toEqual({
      status: 200,
      body: { asked: 3 * AT_ONCE, answered: 3 * AT_ONCE },
    });
    expect(seen).toEqual(Array.from({ length: 3 * AT_ONCE }, () => asked));
    // Hydra counts them as well: otherwise they would pass for those of somebody who goes past this gateway.
    const metrics = await (await fetch(`${gateway.controlUrl}/metrics`)).text();
    const sent = `gateway_calls_total{side="${side}",kind="introspection",state="answered"} ${3 * AT_ONCE}`;
    expect(metrics).toContain(sent);
  });

  it('takes no more connections than clients may, and warms a side up once for all who ask meanwhile', async () => {
    const seen: string[] = [];
    const hydra = await hydraThatWaitsForAll(seen);
    const config = { hold: { releaseAtOnce: 100_000 }, upstream: { maxConnections: AT_ONCE } };
    const gateway = await parts.gateway({ green: hydra.url, config });
    const asked = [1, 2, 3].map(() => gateway.control('POST', '/warm-up', { side: 'green' }));
    const all = { status: 200, body: { asked: 3 * AT_ONCE, answered: 3 * AT_ONCE } };
    expect(await Promise.all(asked)).toEqual([all, all, all]);
    expect(seen).toHaveLength(3 * AT_ONCE);
  });

  it('gives a side up that answers nothing, after its first wave', async () => {
    const gateway = await parts.gateway({ config: { hold: { releaseAtOnce: 3 } } });
    await expect(gateway.control('POST', '/warm-up', { side: 'green' })).resolves.toEqual({
      status: 200,
      body: { asked: AT_ONCE, answered: 0 },
    });
  });

  it('takes no side that there is not', async () => {
    const gateway = await parts.gateway();
    await expect(gateway.control('POST', '/warm-up', { side: 'red' })).resolves.toMatchObject({ status: 400 });
  });
});
