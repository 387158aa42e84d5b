import { parseGatewayTraffic, parseHydraMetrics, parseMetrics } from '../../../../adapters/metrics';
import { histogramSince, addHistograms, quantileMs } from '../../../../domain/histogram';

describe('parseMetrics', () => {
  it('reads labels with escapes, exponents and infinities, and leaves out what is no sample', () => {
    const text = [
      '# HELP a says {b="c"} 1',
      'a 1',
      'b{path="/x\\"y\\\\z\\n",code="200"} 2.5e+06 1700000000000',
      'c{le="+Inf"} +Inf',
      'd NaN',
      'not a sample',
      '',
    ].join('\n');
    expect(parseMetrics(text)).toEqual([
      { name: 'a', labels: {}, value: 1 },
      { name: 'b', labels: { path: '/x"y\\z\n', code: '200' }, value: 2_500_000 },
      { name: 'c', labels: { le: '+Inf' }, value: Infinity },
    ]);
  });

  it.each([
    ['1.x', ''],
    ['2.x', 'http_'],
  ])('adds up what Hydra %s counts by endpoint and code', (_version, prefix) => {
    const text = [
      `${prefix}requests_total{code="200",method="get"} 8`,
      `${prefix}requests_total{code="503",method="get"} 2`,
      `${prefix}response_time_seconds_bucket{endpoint="/a",le="0.1"} 5`,
      `${prefix}response_time_seconds_bucket{endpoint="/a",le="+Inf"} 5`,
      `${prefix}response_time_seconds_bucket{endpoint="/b",le="0.1"} 5`,
      `${prefix}response_time_seconds_bucket{endpoint="/b",le="+Inf"} 5`,
      'go_goroutines 12',
    ].join('\n');
    expect(parseHydraMetrics(text)).toMatchObject({ requests: 10, serverErrors: 2, p95Ms: 95, goroutines: 12 });
  });

  it('counts what a gateway answered with 5xx among all its answers', () => {
    const text = [
      'gateway_requests_total{listener="public",side="green",status="2xx"} 90',
      'gateway_requests_total{listener="public",side="green",status="5xx"} 4',
      'gateway_requests_total{listener="admin",side="none",status="5xx"} 6',
      'gateway_request_duration_seconds_bucket{listener="public",le="0.01"} 50',
      'gateway_request_duration_seconds_bucket{listener="public",le="+Inf"} 100',
      'gateway_oauth_answers_total{side="green",endpoint="token",grant="refresh_token",outcome="invalid_grant"} 7',
      'gateway_oauth_answers_total{side="green",endpoint="token",grant="refresh_token",outcome="of_a_later_version"} 7',
      'gateway_oauth_answer_duration_seconds_bucket{side="blue",endpoint="token",le="0.01"} 3',
      'gateway_oauth_answer_duration_seconds_bucket{side="blue",endpoint="token",le="+Inf"} 4',
    ].join('\n');
    expect(parseGatewayTraffic(text)).toEqual({
      requests: 100,
      serverErrors: 10,
      latency: [
        { upToMs: 10, count: 50 },
        { upToMs: Infinity, count: 100 },
      ],
      answers: [{ side: 'green', endpoint: 'token', grant: 'refresh_token', outcome: 'invalid_grant', count: 7 }],
      latencies: {
        blue: {
          token: [
            { upToMs: 10, count: 3 },
            { upToMs: Infinity, count: 4 },
          ],
        },
        green: {},
      },
    });
  });
});

describe('a histogram', () => {
  const first = [
    { upToMs: 10, count: 10 },
    { upToMs: 100, count: 20 },
    { upToMs: Infinity, count: 20 },
  ];
  const second = [
    { upToMs: 10, count: 10 },
    { upToMs: 100, count: 30 },
    { upToMs: Infinity, count: 40 },
  ];

  it('gives a quantile within its bucket, and the last bound where it is open', () => {
    expect(quantileMs(first, 0.75)).toBe(55);
    expect(quantileMs(second, 0.99)).toBe(100);
    expect(quantileMs([], 0.95)).toBeNull();
  });

  it('counts only what came between two readings, and from 0 after a restart', () => {
    expect(histogramSince(first, second).map(({ count }) => count)).toEqual([0, 10, 20]);
    expect(histogramSince(second, first)).toEqual(first);
    expect(addHistograms([first, second]).map(({ count }) => count)).toEqual([20, 50, 60]);
  });
});
