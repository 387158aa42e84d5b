import { type ChildProcess } from 'node:child_process';
import { control, pause, readMemory, readMetric, say } from './gateway-orders';
import { type BenchGateway, order } from './gateway-processes';

const PARKED = 10_000;

/** Twice, so that a leak would show. */
export async function measureMemory(load: ChildProcess, gateway: BenchGateway, token: string): Promise<void> {
  say(`memory with ${PARKED} parked requests`);
  for (let epoch = 1; epoch <= 2; epoch += 1) {
    const before = await readMemory(gateway);
    const state = { mode: 'pass', weights: { blue: epoch % 2 ? 0 : 1, green: epoch % 2 ? 1 : 0 } };
    await control(gateway, token, ['PUT', '/target/staged'], { epoch, state });
    await control(gateway, token, ['PUT', '/hold'], { epoch, deadlineMs: 60_000 });
    await order(load, { kind: 'park', port: gateway.port, connections: PARKED });
    while ((await readMetric(gateway, 'gateway_parked')) < PARKED) await pause(50);
    const parked = await readMemory(gateway);
    const startedAt = performance.now();
    await control(gateway, token, ['POST', '/target/apply'], { epoch });
    const answered = await order(load, { kind: 'await_parked' });
    const releaseMs = performance.now() - startedAt;
    await pause(1_000);
    say(`  run ${epoch}: before ${before}   parked ${parked}   after ${await readMemory(gateway)}`);
    say(`         ${String(answered)} of ${PARKED} answered, all within ${Math.round(releaseMs)} ms of the release`);
  }
}
