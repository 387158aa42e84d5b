import { type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { certificate } from './certificate';
import { type LoadResult } from './gateway-load';
import { measure, middle, ms, pause, readMemory, readMetric, say } from './gateway-orders';
import { type BenchGateway, forkProgram, nextMessage, order, Processes, startBenchGateway } from './gateway-processes';
import { goalLine } from './goal';

const ROUNDS = 5;
const STALLED = 3_000;
const GOAL_FACTOR = 1.5;
const RATE = { kind: 'rate', connections: 16, perSecond: 300, durationMs: 3_000 } as const;
const TOKEN = 'benchmark-control-token';

/**
 * What everybody else feels of 3,000 POSTs whose bodies never come, in interleaved rounds without and with them, and what they take in
 * memory. They are held by a process of their own. One argument: how many rounds.
 */
export async function run(): Promise<void> {
  const rounds = Number(process.argv[3] ?? ROUNDS);
  const processes = new Processes();
  const folder = await mkdtemp(join(tmpdir(), 'bench-stalled-'));
  try {
    const tls = await certificate(folder);
    const sides: number[] = [];
    for (let side = 0; side < 2; side += 1) {
      sides.push(
        (
          (await nextMessage(forkProgram(processes, 'gateway-upstream.ts', [tls.certFile, tls.keyFile]))) as {
            port: number;
          }
        ).port,
      );
    }
    const [load, stalling] = [forkProgram(processes, 'gateway-load.ts'), forkProgram(processes, 'gateway-load.ts')];
    const ports = [sides[0] ?? 0, sides[1] ?? 0] as const;
    const gateway = await startBenchGateway(processes, folder, { ports, token: TOKEN });
    // What the first requests of a process take is nobody's fault.
    await measure(load, { ...RATE, port: gateway.port });
    say(await measureStalled({ load, stalling, gateway }, rounds));
  } finally {
    await processes.endAll();
    await rm(folder, { recursive: true, force: true });
  }
}

interface Parts {
  readonly load: ChildProcess;
  readonly stalling: ChildProcess;
  readonly gateway: BenchGateway;
}

/** @returns what became of the goal */
export async function measureStalled({ load, stalling, gateway }: Parts, rounds: number): Promise<string> {
  const rate = { ...RATE, port: gateway.port };
  const results: Record<'before' | 'beside', LoadResult[]> = { before: [], beside: [] };
  for (let round = 1; round <= rounds; round += 1) {
    const memory = [await readMemory(gateway)];
    results.before.push(await measure(load, rate));
    await order(stalling, { kind: 'stall', port: gateway.port, connections: STALLED });
    while ((await readMetric(gateway, 'gateway_receiving')) < STALLED) await pause(50);
    results.beside.push(await measure(load, rate));
    const receiving = await readMetric(gateway, 'gateway_receiving');
    memory.push(await readMemory(gateway));
    await order(stalling, { kind: 'leave' });
    while ((await readMetric(gateway, 'gateway_receiving')) > 0) await pause(50);
    say(`round ${round}: memory before ${memory[0]}, with ${receiving} stalled ${memory[1]}`);
  }
  const p99 = (when: 'before' | 'beside') => middle(results[when], 'p99Ms');
  const count = results.beside.reduce((sum, { requests }) => sum + requests, 0);
  for (const when of ['before', 'beside'] as const)
    say(
      `${when.padEnd(6)} p50 ${ms(middle(results[when], 'p50Ms'))}  p99 ${ms(p99(when))}, medians of ${rounds} rounds`,
    );
  const what = `others' p99 beside ${STALLED} stalled POSTs against before (n = ${count} each)`;
  return goalLine({ what, value: p99('beside') / p99('before'), limit: GOAL_FACTOR });
}
