import { type GatewayTraffic } from '../ports/targets';
import { type SideName } from '../sides';
import { type EndpointTraffic, type Traffic } from './traffic';

/** A token endpoint is as many things as it has grants: refreshes that fail would vanish among client credentials. */
const SPLIT_BY_GRANT = 'token';

/** What one side answered through one gateway, as the judge reads it. `ok` is no outcome: it is what is left. */
export function sideTraffic({ answers, latencies }: GatewayTraffic, side: SideName): Traffic {
  const traffic: Record<string, { -readonly [Field in keyof EndpointTraffic]: EndpointTraffic[Field] }> = {};
  const of = (name: string) => (traffic[name] ??= { requests: 0, outcomes: {}, latency: [] });
  for (const { side: answered, endpoint, grant, outcome, count } of answers) {
    if (answered !== side) continue;
    const names = endpoint === SPLIT_BY_GRANT ? [`${endpoint} (${grant})`] : [endpoint];
    for (const name of names) {
      const known = of(name);
      known.requests += count;
      if (outcome !== 'ok') {
        known.outcomes = { ...known.outcomes, [outcome]: (known.outcomes[outcome] ?? 0) + count };
      }
    }
  }
  for (const [endpoint, latency] of Object.entries(latencies[side])) {
    of(endpoint === SPLIT_BY_GRANT ? `${endpoint} (all grants)` : endpoint).latency = latency;
  }
  return traffic;
}
