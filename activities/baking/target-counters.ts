import { isCutoverFault } from '../../domain/faults';
import { requestsIn, type Traffic } from '../../domain/judge/traffic';
import { type TrafficReading } from '../../hydra/validation';
import { type StepDeps } from '../step';

/** Sources of readings that are counters of dependents, and no gateway. */
const PREFIX = 'counter ';

/** What dependents count themselves, for example what a policy service refuses. One that does not tell is left out. */
export async function readCounters({ counters = [], log }: StepDeps): Promise<readonly TrafficReading[]> {
  const readings: TrafficReading[] = [];
  for (const { name, read } of counters) {
    try {
      const traffic = { [`${PREFIX}${name}`]: { requests: 0, outcomes: { counted: await read() }, latency: [] } };
      readings.push({ source: `${PREFIX}${name}`, traffic });
    } catch (error) {
      if (!isCutoverFault(error)) throw error;
      log.debug({ name, code: error.code }, 'a counter was not read');
    }
  }
  return readings;
}

/** A counter has no requests of its own: it is judged by those that the gateways answered in the same span. */
export function relateCounters(traffic: Traffic): Traffic {
  const total = requestsIn(traffic);
  return Object.fromEntries(
    Object.entries(traffic).map(([name, one]) => [name, name.startsWith(PREFIX) ? { ...one, trials: total } : one]),
  );
}
