import { type ChildProcess } from 'node:child_process';
import { CutoverFault } from '../domain/faults';
import { type LoadCommand, type LoadResult } from './gateway-load';
import { type BenchGateway, order } from './gateway-processes';

export async function measure(load: ChildProcess, command: LoadCommand): Promise<LoadResult> {
  const result = (await order(load, command)) as LoadResult;
  if (result.failures > 0) {
    throw new CutoverFault('INTERNAL', `${result.failures} of ${result.requests} requests failed in the benchmark`);
  }
  return result;
}

/** One call of the control interface. */
export async function control(
  gateway: BenchGateway,
  token: string,
  [method, path]: readonly [method: string, path: string],
  body?: object,
): Promise<unknown> {
  const response = await fetch(new URL(path, gateway.controlUrl), {
    method,
    headers: { Authorization: `Bearer ${token}` },
    ...(body && { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new CutoverFault('INTERNAL', `${method} ${path} was answered ${response.status}`);
  return response.json();
}

export async function readMetric(gateway: BenchGateway, name: string): Promise<number> {
  const text = await (await fetch(`${gateway.controlUrl}/metrics`)).text();
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
}

/** The median of one figure. */
export function middle(results: readonly LoadResult[], key: 'p50Ms' | 'p99Ms' | 'perSecond'): number {
  const sorted = results.map((result) => result[key]).sort((a, b) => a - b);
  const [low, high] = [Math.floor((sorted.length - 1) / 2), Math.ceil((sorted.length - 1) / 2)];
  return ((sorted[low] ?? NaN) + (sorted[high] ?? NaN)) / 2;
}

export function ms(value: number): string {
  return `${value.toFixed(2)} ms`;
}

export function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Of the gateway's process. */
export async function readMemory(gateway: BenchGateway): Promise<string> {
  const mebibytes = async (name: string) => Math.round((await readMetric(gateway, name)) / (1024 * 1024));
  return `RSS ${await mebibytes('process_resident_memory_bytes')} MiB heap ${await mebibytes('nodejs_heap_size_used_bytes')} MiB`;
}

export function pause(waitMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, waitMs));
}
