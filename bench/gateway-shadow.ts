import { type ChildProcess } from 'node:child_process';
import { CutoverFault } from '../domain/faults';
import { type LoadResult } from './gateway-load';
import { control, measure, middle, ms, say } from './gateway-orders';
import { type BenchGateway } from './gateway-processes';
import { goalLine } from './goal';

/** Introspections, which are what clients read most. */
const PER_SECOND = 200;
const DURATION_MS = 3_000;
const GOAL_MS = 0.3;

/** The client's answer with every read asked of green too, and with none, in alternation. @returns what became of the goal */
export async function measureShadow(
  load: ChildProcess,
  gateway: BenchGateway,
  rounds: number,
  token: string,
): Promise<string> {
  const results: Record<'off' | 'on', LoadResult[]> = { off: [], on: [] };
  const shadow = async (requestsPerSecondMax: number) =>
    (await control(gateway, token, ['PUT', '/shadow'], {
      ...{ cutoverId: 'bench', hydraVersion: { blue: '1.11.10', green: '2.3.0' } },
      ...{ rampMs: 0, leaseMs: 60_000, requestsPerSecondMax },
    })) as { readonly compared: number };
  const rate = { kind: 'rate', port: gateway.adminPort, connections: 16, asks: 'introspection' } as const;
  for (let round = 0; round < rounds; round += 1) {
    for (const kind of round % 2 === 0 ? (['off', 'on'] as const) : (['on', 'off'] as const)) {
      await shadow(kind === 'on' ? PER_SECOND * 2 : 0);
      results[kind].push(await measure(load, { ...rate, perSecond: PER_SECOND, durationMs: DURATION_MS }));
    }
  }
  const { compared } = await shadow(0);
  if (compared === 0) throw new CutoverFault('INTERNAL', 'no answer was compared: the figure would be of nothing');
  const asked = results.on.reduce((sum, { requests }) => sum + requests, 0);
  say(`answers in the shadow: ${compared} of ${asked} compared, introspections at ${PER_SECOND}/s`);
  for (const kind of ['off', 'on'] as const) {
    say(`  ${kind.padEnd(4)} p50 ${ms(middle(results[kind], 'p50Ms'))}  p99 ${ms(middle(results[kind], 'p99Ms'))}`);
  }
  const value = middle(results.on, 'p99Ms') - middle(results.off, 'p99Ms');
  return goalLine({
    what: "p99 of the client's answer with shadow answers, more than without",
    value,
    limit: GOAL_MS,
    unit: ' ms',
  });
}
