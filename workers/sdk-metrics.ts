import { createServer, type AddressInfo } from 'node:net';
import { request } from 'undici';

const TIMEOUT_MS = 1_000;

/** The SDK does not tell which port it got, so it gets one that was free a moment ago. */
export async function freeLoopbackPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}

/** @returns what the SDK of this process counts, in Prometheus' text format; empty when it does not tell */
export async function readSdkMetrics(port: number | undefined): Promise<string> {
  if (port === undefined) return '';
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const { statusCode, body } = await request(`http://127.0.0.1:${port}/metrics`, { signal, reset: true });
    const text = await body.text();
    return statusCode === 200 ? text : '';
  } catch {
    // Ours are worth telling without them.
    return '';
  }
}
