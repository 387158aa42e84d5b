import { HttpCounter } from '../../../../adapters/metrics';
import { serveHttp, type TestServer } from '../../../support/http-server';

const METRICS = [
  '# TYPE policy_answers_total counter',
  'policy_answers_total{status="403",route="a"} 4',
  'policy_answers_total{status="403",route="b"} 3',
  'policy_answers_total{status="200",route="a"} 90',
].join('\n');

let server: TestServer;
beforeAll(async () => {
  server = await serveHttp((request, response) => {
    if (request.url === '/hangs') return;
    if (request.url === '/moved') response.writeHead(302, { location: '/metrics' });
    response.end(METRICS);
  });
});
afterAll(() => server.close());

async function read(path: string, metric = 'policy_answers_total', status = '403'): Promise<unknown> {
  const counter = new HttpCounter({
    name: 'p',
    metricsUrl: `${server.url}${path}`,
    metric,
    labels: { status },
    timeoutMs: path === '/hangs' ? 200 : 60_000,
  });
  try {
    return await counter.read().catch((error: { code: string }) => error.code);
  } finally {
    await counter.close();
  }
}

it.each<[string, [string, string?, string?], unknown]>([
  ['adds up the series with these labels', ['/metrics'], 7],
  ['says 0 where nothing of the kind was counted yet', ['/metrics', 'policy_answers_total', '500'], 0],
  ['does not take a metric that is not there for one that stands still', ['/metrics', 'other_total'], 'TARGET_REFUSED'],
  ['follows no redirect', ['/moved'], 'TARGET_REFUSED'],
  ['does not wait for one that hangs', ['/hangs'], 'TARGET_UNREACHABLE'],
])('%s', async (_title, args, wanted) => {
  expect(await read(...args)).toBe(wanted);
});
