import { type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CutoverFault } from '../domain/faults';
import { type LoadCommand, type LoadResult } from './gateway-load';
import {
  requireNginx,
  forkProgram,
  nextMessage,
  order,
  Processes,
  startBenchGateway,
  startNginx,
  type BenchGateway,
} from './gateway-processes';

const ROUNDS = 6;
const RATE_PER_SECOND = 500;
const CONNECTIONS = 16;
const LATENCY_MS = 3_000;
const FLAT_OUT_MS = 2_000;
const PARKED = 10_000;
const GOAL_FACTOR = 2;
const TOKEN = 'benchmark-control-token';
const ROUTES = ['direct', 'gateway', 'nginx'] as const;
type Route = (typeof ROUTES)[number];

/**
 * The gateway's cost: latency at a steady rate and requests per second flat out, against a direct connection and against
 * nginx in front of the same side, in interleaved rounds; then its memory with 10,000 parked requests, twice.
 */
export async function run(): Promise<void> {
  const nginx = requireNginx(process.env);
  const processes = new Processes();
  const folder = await mkdtemp(join(tmpdir(), 'bench-gateway-'));
  try {
    const upstream = forkProgram(processes, 'gateway-upstream.ts');
    const { port: direct } = (await nextMessage(upstream)) as { port: number };
    const load = forkProgram(processes, 'gateway-load.ts');
    const gateway = await startBenchGateway(processes, folder, direct, TOKEN);
    const ports: Record<Route, number> = {
      direct,
      gateway: gateway.port,
      nginx: await startNginx(processes, nginx, folder, direct),
    };
    await measureLatency(load, ports);
    await measureMemory(load, gateway);
  } finally {
    await processes.endAll();
    await rm(folder, { recursive: true, force: true });
  }
}

async function measureLatency(load: ChildProcess, ports: Record<Route, number>): Promise<void> {
  const steady: Record<Route, LoadResult[]> = { direct: [], gateway: [], nginx: [] };
  const flatOut: Record<Route, LoadResult[]> = { direct: [], gateway: [], nginx: [] };
  for (const route of ROUTES)
    await order(load, { kind: 'flat_out', port: ports[route], connections: CONNECTIONS, durationMs: 2_000 });
  for (let round = 0; round < ROUNDS; round += 1) {
    // Another route goes first in each round, so that none has the quiet moments.
    for (const route of [...ROUTES.slice(round % 3), ...ROUTES.slice(0, round % 3)]) {
      const at = { port: ports[route], connections: CONNECTIONS };
      steady[route].push(
        await measure(load, { kind: 'rate', ...at, perSecond: RATE_PER_SECOND, durationMs: LATENCY_MS }),
      );
      flatOut[route].push(await measure(load, { kind: 'flat_out', ...at, durationMs: FLAT_OUT_MS }));
    }
  }
  say(
    `${ROUNDS} interleaved rounds, medians; ${CONNECTIONS} kept connections; all processes share this machine's cores`,
  );
  say(`latency at ${RATE_PER_SECOND} requests/s`);
  const base = { p50: middle(steady.direct, 'p50Ms'), p99: middle(steady.direct, 'p99Ms') };
  const added: Partial<Record<Route, number>> = {};
  for (const route of ROUTES) {
    const [p50, p99] = [middle(steady[route], 'p50Ms'), middle(steady[route], 'p99Ms')];
    added[route] = p99 - base.p99;
    const more = route === 'direct' ? '' : `   added p50 ${ms(p50 - base.p50)}  added p99 ${ms(p99 - base.p99)}`;
    say(`  ${route.padEnd(8)} p50 ${ms(p50)}  p99 ${ms(p99)}${more}`);
  }
  say('requests per second, flat out');
  for (const route of ROUTES) {
    say(
      `  ${route.padEnd(8)} ${Math.round(middle(flatOut[route], 'perSecond'))}/s   p99 ${ms(middle(flatOut[route], 'p99Ms'))}`,
    );
  }
  const ratio = (added.gateway ?? NaN) / (added.nginx ?? NaN);
  say(`added p99: gateway / nginx = ${ratio.toFixed(2)} (goal: at most ${GOAL_FACTOR})`);
}

async function measureMemory(load: ChildProcess, gateway: BenchGateway): Promise<void> {
  say(`memory with ${PARKED} parked requests`);
  for (let epoch = 1; epoch <= 2; epoch += 1) {
    const before = await memory(gateway);
    const state = { mode: 'pass', weights: { blue: epoch % 2 ? 0 : 1, green: epoch % 2 ? 1 : 0 } };
    await control(gateway, 'PUT', '/target/staged', { epoch, state });
    await control(gateway, 'PUT', '/hold', { epoch, deadlineMs: 60_000 });
    await order(load, { kind: 'park', port: gateway.port, connections: PARKED });
    while (((await control(gateway, 'GET', '/state')) as { parked: number }).parked < PARKED) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const parked = await memory(gateway);
    const startedAt = performance.now();
    await control(gateway, 'POST', '/target/apply', { epoch });
    const answered = await order(load, { kind: 'await_parked' });
    const releaseMs = performance.now() - startedAt;
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    const after = await memory(gateway);
    say(`  run ${epoch}: before ${before}   parked ${parked}   after ${after}`);
    say(`         ${String(answered)} of ${PARKED} answered, all within ${Math.round(releaseMs)} ms of the release`);
  }
}

async function memory(gateway: BenchGateway): Promise<string> {
  const text = await (await fetch(`${gateway.controlUrl}/metrics`)).text();
  const read = (name: string) => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]) / 1024 / 1024;
  const [rss, heap] = [read('process_resident_memory_bytes'), read('nodejs_heap_size_used_bytes')];
  return `RSS ${Math.round(rss)} MB heap ${Math.round(heap)} MB`;
}

async function control(gateway: BenchGateway, method: string, path: string, body?: object): Promise<unknown> {
  const response = await fetch(new URL(path, gateway.controlUrl), {
    method,
    headers: { Authorization: `Bearer ${TOKEN}` },
    ...(body && { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new CutoverFault('INTERNAL', `${method} ${path} was answered ${response.status}`);
  return response.json();
}

async function measure(load: ChildProcess, command: LoadCommand): Promise<LoadResult> {
  const result = (await order(load, command)) as LoadResult;
  if (result.failures > 0) {
    throw new CutoverFault('INTERNAL', `${result.failures} of ${result.requests} requests failed in the benchmark`);
  }
  return result;
}

function middle(results: readonly LoadResult[], key: 'p50Ms' | 'p99Ms' | 'perSecond'): number {
  const sorted = results.map((result) => result[key]).sort((a, b) => a - b);
  return (
    ((sorted[Math.floor((sorted.length - 1) / 2)] ?? NaN) + (sorted[Math.ceil((sorted.length - 1) / 2)] ?? NaN)) / 2
  );
}

function ms(value: number): string {
  return `${value.toFixed(2)} ms`;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
