export { parseGatewayTraffic } from './gateway-traffic';
export { parseHydraMetrics } from './hydra-metrics';
export { type MetricSample, parseMetrics, sumOf } from './parse-metrics';
export { readHistogram } from './read-histogram';
