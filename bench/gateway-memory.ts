import { type ChildProcess } from 'node:child_process';
import { control, measure, ms, readMetric, say } from './gateway-orders';
import { type BenchGateway, order } from './gateway-processes';

const PARKED = 10_000;
const STALLED = 3_000;
const MEBIBYTE = 1024 * 1024;

/** Twice, so that a leak would show. */
export async function measureMemory(load: ChildProcess, gateway: BenchGateway, token: string): Promise<void> {
  say(`memory with ${PARKED} parked requests`);
  for (let epoch = 1; epoch <= 2; epoch += 1) {
    const before = await memory(gateway);
    const state = { mode: 'pass', weights: { blue: epoch % 2 ? 0 : 1, green: epoch % 2 ? 1 : 0 } };
    await control(gateway, token, ['PUT', '/target/staged'], { epoch, state });
    await control(gateway, token, ['PUT', '/hold'], { epoch, deadlineMs: 60_000 });
    await order(load, { kind: 'park', port: gateway.port, connections: PARKED });
    while ((await readMetric(gateway, 'gateway_parked')) < PARKED) await pause(50);
    const parked = await memory(gateway);
    const startedAt = performance.now();
    await control(gateway, token, ['POST', '/target/apply'], { epoch });
    const answered = await order(load, { kind: 'await_parked' });
    const releaseMs = performance.now() - startedAt;
    await pause(1_000);
    say(`  run ${epoch}: before ${before}   parked ${parked}   after ${await memory(gateway)}`);
    say(`         ${String(answered)} of ${PARKED} answered, all within ${Math.round(releaseMs)} ms of the release`);
  }
}

/** Their bodies never come; everybody else is served meanwhile. */
export async function measureStalled(load: ChildProcess, gateway: BenchGateway): Promise<void> {
  const at = { port: gateway.port, connections: 1 };
  const rate = { kind: 'rate', ...at, perSecond: 100, durationMs: 2_000 } as const;
  const before = { memory: await memory(gateway), ...(await measure(load, rate)) };
  await order(load, { kind: 'stall', port: gateway.port, connections: STALLED });
  while ((await readMetric(gateway, 'gateway_receiving')) < STALLED) await pause(50);
  const during = await measure(load, rate);
  say(
    `memory with ${STALLED} requests whose body does not come: before ${before.memory}   stalled ${await memory(gateway)}`,
  );
  say(
    `  others meanwhile: p50 ${ms(during.p50Ms)} (before ${ms(before.p50Ms)}), p99 ${ms(during.p99Ms)} (before ${ms(before.p99Ms)})`,
  );
  await order(load, { kind: 'leave' });
}

async function memory(gateway: BenchGateway): Promise<string> {
  const heap = (await readMetric(gateway, 'nodejs_heap_size_used_bytes')) / MEBIBYTE;
  return `RSS ${Math.round(await rss(gateway))} MiB heap ${Math.round(heap)} MiB`;
}

async function rss(gateway: BenchGateway): Promise<number> {
  return (await readMetric(gateway, 'process_resident_memory_bytes')) / MEBIBYTE;
}

function pause(waitMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, waitMs));
}
