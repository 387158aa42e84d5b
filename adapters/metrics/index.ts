export { parseGatewayTraffic } from './gateway-traffic';
export { HttpCounter, type HttpCounterOptions } from './http-counter';
export { parseHydraCalls, parseHydraMetrics } from './hydra-metrics';
export { type MetricSample, parseMetrics, sumOf } from './parse-metrics';
export { readHistogram } from './read-histogram';
