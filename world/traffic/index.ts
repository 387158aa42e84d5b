export { type TrafficConfig, type TrafficConfigInput, parseTrafficConfig, trafficConfig } from './config';
export { type Finding, type Verdict } from './oracle/verdict';
export { renderTrafficSummary } from './render-traffic-summary';
export { type TrafficReport } from './report';
export { Traffic } from './traffic';
