import { type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { certificate } from './certificate';
import { type LoadAt } from './gateway-load';
import { measureMemory } from './gateway-memory';
import { measure, middle, ms, say } from './gateway-orders';
import {
  cpuMs,
  requireNginx,
  forkProgram,
  nextMessage,
  order,
  Processes,
  startBenchGateway,
  startNginx,
} from './gateway-processes';
import { measureShadow } from './gateway-shadow';
import { type LoadResult } from './gateway-load';
import { goalLine } from './goal';
import { measureStalled } from './stalled';

const ROUNDS = 6;
const RATE_PER_SECOND = 500;
const CONNECTIONS = 16;
const LATENCY_MS = 3_000;
const FLAT_OUT_MS = 2_000;
const GOALS = { addedFactor: 2, flatOutFactor: 0.65 };
const TOKEN = 'benchmark-control-token';
const ROUTES = ['direct', 'gateway', 'nginx', 'bare'] as const;
type Route = (typeof ROUTES)[number];

interface Upstream {
  readonly port: number;
  readonly tlsPort: number;
}

/**
 * The gateway's cost: latency at a steady rate and requests per second flat out, in plain text and over TLS, against a direct connection
 * against nginx and against a bare proxy of Node in front of the same side, in interleaved rounds; what answers in the shadow cost the clients; memory with
 * 10,000 parked requests, twice, and with 3,000 that stall. One argument: how many rounds.
 */
export async function run(): Promise<void> {
  const rounds = Number(process.argv[3] ?? ROUNDS);
  const nginx = requireNginx(process.env);
  const processes = new Processes();
  const folder = await mkdtemp(join(tmpdir(), 'bench-gateway-'));
  try {
    const tls = await certificate(folder);
    const upstreams: Upstream[] = [];
    for (let side = 0; side < 2; side += 1) {
      const upstream = forkProgram(processes, 'gateway-upstream.ts', [tls.certFile, tls.keyFile]);
      upstreams.push((await nextMessage(upstream)) as Upstream);
    }
    const [blue, green] = upstreams as [Upstream, Upstream];
    const load = forkProgram(processes, 'gateway-load.ts');
    const ports: readonly [number, number] = [blue.port, green.port];
    const gateway = await startBenchGateway(processes, folder, { ports, token: TOKEN });
    const secure = await startBenchGateway(processes, folder, { ports, token: TOKEN, tls });
    const bareProxy = forkProgram(processes, 'bare-proxy.ts', [String(blue.port), tls.certFile, tls.keyFile]);
    const bare = (await nextMessage(bareProxy)) as Upstream;
    const proxy = await startNginx(processes, nginx, folder, blue.port, tls);
    say(
      `${rounds} interleaved rounds, medians; ${CONNECTIONS} kept connections; all processes share this machine's cores`,
    );
    const plain = { direct: blue.port, gateway: gateway.port, nginx: proxy.port, bare: bare.port };
    const overTls = { direct: blue.tlsPort, gateway: secure.port, nginx: proxy.tlsPort, bare: bare.tlsPort };
    const pids = { gateway: gateway.pid, nginx: proxy.pid, bare: bareProxy.pid ?? 0 };
    const goals = [
      ...(await measureLatency(load, { name: 'plain text', ports: plain, pids, tls: false, rounds })),
      ...(await measureLatency(load, {
        name: 'TLS',
        ports: overTls,
        pids: { ...pids, gateway: secure.pid },
        tls: true,
        rounds,
      })),
      await measureShadow(load, gateway, rounds, TOKEN),
    ];
    await measureMemory(load, gateway, TOKEN);
    goals.push(await measureStalled({ load, stalling: forkProgram(processes, 'gateway-load.ts'), gateway }, rounds));
    say('');
    goals.forEach(say);
  } finally {
    await processes.endAll();
    await rm(folder, { recursive: true, force: true });
  }
}

interface LatencyRun {
  readonly name: string;
  readonly ports: Readonly<Record<Route, number>>;
  readonly pids: Readonly<Record<Exclude<Route, 'direct'>, number>>;
  readonly tls: boolean;
  readonly rounds: number;
}

/** @returns what became of the goals */
async function measureLatency(load: ChildProcess, { name, ports, pids, tls, rounds }: LatencyRun): Promise<string[]> {
  const steady: Record<Route, LoadResult[]> = { direct: [], gateway: [], nginx: [], bare: [] };
  const flatOut: Record<Route, LoadResult[]> = { direct: [], gateway: [], nginx: [], bare: [] };
  const busyMs: Record<Route, number> = { direct: 0, gateway: 0, nginx: 0, bare: 0 };
  const at = (route: Route): LoadAt => ({ port: ports[route], connections: CONNECTIONS, tls });
  for (const route of ROUTES) await order(load, { kind: 'flat_out', ...at(route), durationMs: 2_000 });
  for (let round = 0; round < rounds; round += 1) {
    // Another route goes first in each round, so that none has the quiet moments.
    for (const route of [...ROUTES.slice(round % ROUTES.length), ...ROUTES.slice(0, round % ROUTES.length)]) {
      const rate = { perSecond: RATE_PER_SECOND, durationMs: LATENCY_MS };
      steady[route].push(await measure(load, { kind: 'rate', ...at(route), ...rate }));
      const before = route === 'direct' ? 0 : cpuMs(pids[route]);
      flatOut[route].push(await measure(load, { kind: 'flat_out', ...at(route), durationMs: FLAT_OUT_MS }));
      busyMs[route] += route === 'direct' ? 0 : cpuMs(pids[route]) - before;
    }
  }
  say(`${name}: latency at ${RATE_PER_SECOND} requests/s, and requests per second flat out`);
  const added = (route: Route, key: 'p50Ms' | 'p99Ms') => middle(steady[route], key) - middle(steady.direct, key);
  const perSecond = (route: Route) => middle(flatOut[route], 'perSecond');
  for (const route of ROUTES) {
    const more =
      route === 'direct' ? '' : `   added p50 ${ms(added(route, 'p50Ms'))}  added p99 ${ms(added(route, 'p99Ms'))}`;
    const [p50, p99] = [middle(steady[route], 'p50Ms'), middle(steady[route], 'p99Ms')];
    say(`  ${route.padEnd(8)} p50 ${ms(p50)}  p99 ${ms(p99)}  flat out ${Math.round(perSecond(route))}/s${more}`);
  }
  const busy = (route: Route) => {
    const requests = flatOut[route].reduce((sum, each) => sum + (each.perSecond * FLAT_OUT_MS) / 1_000, 0);
    return `${route} ${((busyMs[route] / requests) * 1_000).toFixed(1)} µs`;
  };
  say(`  processor time of a request, flat out: ${ROUTES.slice(1).map(busy).join(', ')}`);
  const factor = (key: 'p50Ms' | 'p99Ms') =>
    added('nginx', key) > 0 ? added('gateway', key) / added('nginx', key) : NaN;
  const beside = (key: 'p50Ms' | 'p99Ms') => (added('gateway', key) / added('bare', key)).toFixed(2);
  say(
    `  gateway / a bare proxy of Node: added p50 ${beside('p50Ms')}, added p99 ${beside('p99Ms')}, ` +
      `flat out ${(perSecond('gateway') / perSecond('bare')).toFixed(2)}`,
  );
  const { addedFactor, flatOutFactor } = GOALS;
  return [
    goalLine({ what: `${name}, added p50, gateway / nginx`, value: factor('p50Ms'), limit: addedFactor }),
    goalLine({ what: `${name}, added p99, gateway / nginx`, value: factor('p99Ms'), limit: addedFactor }),
    goalLine({
      what: `${name}, flat out, gateway / nginx`,
      value: perSecond('gateway') / perSecond('nginx'),
      limit: flatOutFactor,
      atLeast: true,
    }),
  ];
}
