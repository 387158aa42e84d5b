export { parseGatewayTraffic } from './gateway-traffic';
export { HttpCounter } from './http-counter';
export { parseHydraCalls, parseHydraMetrics } from './hydra-metrics';
export { parseMetrics } from './parse-metrics';
