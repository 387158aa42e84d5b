import { isCutoverFault } from '../../domain/faults';
import { type Histogram, histogramSince, p95Of } from '../../domain/histogram';
import { type StepDeps } from '../step';

/**
 * Begins to look at what clients wait for at the gateways.
 *
 * @returns asked later, the 95th percentile since then in milliseconds; null when nothing was seen. A gateway that does not tell is
 *   left out: it is one line of a chart
 */
export async function clientsLatency(deps: StepDeps): Promise<() => Promise<number | null>> {
  const before = await readAll(deps);
  return async () => {
    const now = await readAll(deps);
    const since = [...now].flatMap(([name, latency]) => {
      const earlier = before.get(name);
      return earlier === undefined ? [] : [histogramSince(earlier, latency)];
    });
    return p95Of(since);
  };
}

async function readAll({ gateways }: StepDeps): Promise<ReadonlyMap<string, Histogram>> {
  const read = new Map<string, Histogram>();
  for (const gateway of gateways) {
    try {
      const traffic = await gateway.traffic?.();
      if (traffic !== undefined && traffic.latency.length > 0) read.set(gateway.name, traffic.latency);
    } catch (error) {
      if (!isCutoverFault(error)) throw error;
    }
  }
  return read;
}
