import { type AgeTraffic, type GatewayTraffic } from '../ports/targets';
import { type SideName } from '../sides';
import { type EndpointTraffic, type Traffic } from './traffic';

/** A token endpoint is as many things as it has grants: refreshes that fail would vanish among client credentials. */
const SPLIT_BY_GRANT = 'token';

/** What one side answered through one gateway, as the judge reads it. */
export function sideTraffic({ answers, latencies }: GatewayTraffic, side: SideName): Traffic {
  return ageTraffic({ answers: answers.filter((answer) => answer.side === side), latencies: latencies[side] });
}

/** The same of one Hydra. `ok` is no outcome: it is what is left. */
export function ageTraffic({ answers, latencies }: AgeTraffic): Traffic {
  const traffic: Record<string, { -readonly [Field in keyof EndpointTraffic]: EndpointTraffic[Field] }> = {};
  const of = (name: string) => (traffic[name] ??= { requests: 0, outcomes: {}, latency: [] });
  for (const { endpoint, grant, outcome, count } of answers) {
    const known = of(endpoint === SPLIT_BY_GRANT ? `${endpoint} (${grant})` : endpoint);
    known.requests += count;
    if (outcome !== 'ok') {
      known.outcomes = { ...known.outcomes, [outcome]: (known.outcomes[outcome] ?? 0) + count };
    }
  }
  for (const [endpoint, latency] of Object.entries(latencies)) {
    of(endpoint === SPLIT_BY_GRANT ? `${endpoint} (all grants)` : endpoint).latency = latency;
  }
  return traffic;
}
