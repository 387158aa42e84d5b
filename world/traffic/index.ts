export { type TrafficConfig, type TrafficConfigInput, parseTrafficConfig, trafficConfig } from './config';
export { type Finding, type Verdict } from './oracle/verdict';
export { type Percentiles } from './recording/histogram';
export { type TrafficReport } from './report';
export { Traffic } from './traffic';
