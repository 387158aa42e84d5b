import { type IncomingHttpHeaders, type RequestListener } from 'node:http';
import { HttpWebhook, signatureOf } from '../../../../adapters/webhook';
import { type News } from '../../../../domain/asides';
import { serveHttp, type TestServer } from '../../../support/http-server';

const NEWS: News = {
  ...{ schemaVersion: 1, id: 'run-1', event: 'gate_opened', at: '2026-01-01T00:00:00.000Z' },
  ...{ environment: 'test', cutoverId: 'c', mode: 'real', phase: 'plan', committed: false, gate: 'plan' },
};
const SECRET = 'a key that nobody knows';

let server: TestServer;
let answer: RequestListener;
const seen: { readonly url: string; readonly headers: IncomingHttpHeaders; readonly body: string }[] = [];

beforeAll(async () => {
  server = await serveHttp((request, response, body) => {
    seen.push({ url: request.url ?? '', headers: request.headers, body });
    answer(request, response);
  });
});
afterAll(() => server.close());

/** Tells the news to a server that answers so. */
async function tell(answering: RequestListener, timeoutMs = 5_000): Promise<void> {
  seen.length = 0;
  answer = answering;
  const webhook = new HttpWebhook({ url: `${server.url}/hook`, secret: () => SECRET, timeoutMs });
  try {
    await webhook.tell(NEWS);
  } finally {
    await webhook.close();
    server.server.closeAllConnections();
  }
}

it('posts the news as JSON, signed over the time and every byte of it', async () => {
  await tell((_request, response) => response.writeHead(204).end());
  const [{ headers, body, url } = { headers: {}, body: '', url: '' }] = seen;
  expect([url, JSON.parse(body)]).toEqual(['/hook', NEWS]);
  const [, at = '', signature] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(headers['x-hydra-cutover-signature'])) ?? [];
  expect(signature).toBe(signatureOf(SECRET, at, body));
  expect(signatureOf(SECRET, at, `${body} `)).not.toBe(signature);
  expect(signatureOf('another', at, body)).not.toBe(signature);
  expect(headers['x-hydra-cutover-id']).toBe('run-1');
  expect(body).not.toContain(SECRET);
});

it.each([
  [302, 'a redirect (302), which is not followed: correct webhook.url'],
  [308, 'a redirect (308), which is not followed'],
  [500, 'answered 500'],
])('counts %i as not told, and asks no other address', async (status, said) => {
  const told = tell((_request, response) => response.writeHead(status, { location: '/elsewhere' }).end());
  await expect(told).rejects.toMatchObject({
    ...{ code: 'WEBHOOK_FAILED', retryable: true, message: expect.stringContaining(said) as string },
  });
  expect(seen.map(({ url }) => url)).toEqual(['/hook']);
});

it.each<[string, RequestListener]>([
  ['never answers', () => undefined],
  ['never ends its answer', (_request, response) => response.writeHead(200).write('a')],
])('gives one up that %s', async (_how, answering) => {
  await expect(tell(answering, 100)).rejects.toMatchObject({
    ...{ code: 'WEBHOOK_FAILED', message: expect.stringContaining('no answer in 100 ms') as string },
  });
});

it('says that nobody answers there', async () => {
  await expect(tell(({ socket }) => socket.destroy())).rejects.toMatchObject({
    ...{ code: 'WEBHOOK_FAILED', message: expect.stringContaining('no answer; it is tried again') as string },
  });
});
