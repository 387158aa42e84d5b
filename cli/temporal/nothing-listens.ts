import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** A server that is just being started again listens soon. */
const TRIES = 3;
const RETRY_MS = 300;
const ANSWER_MS = 1_000;
/** gRPC goes through a proxy then, which may reach what this machine cannot. Source: grpc-js, "environment variables". */
const PROXY_VARIABLES = ['grpc_proxy', 'https_proxy', 'http_proxy'];

/**
 * Whether the machine at `address` refuses each of a few connections, so that waiting longer is of no use. Everything else (no answer, no such
 * name, a proxy between) is false: that is for gRPC to find out.
 *
 * @param address `host:port`
 */
export async function nothingListens(address: string, env: NodeJS.ProcessEnv): Promise<boolean> {
  if (PROXY_VARIABLES.some((name) => env[name] !== undefined)) return false;
  for (let tries = 1; tries <= TRIES; tries += 1) {
    if (tries > 1) await sleep(RETRY_MS);
    if (!(await isRefused(address))) return false;
  }
  return true;
}

async function isRefused(address: string): Promise<boolean> {
  const url = `tcp://${address}`;
  if (!URL.canParse(url)) return false;
  const { hostname, port } = new URL(url);
  if (hostname === '' || port === '') return false;
  const socket = connect({ host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) });
  const waiting = new AbortController();
  // Without an answer for so long it is not refused; a name that is looked up for longer leaves that to gRPC as well.
  const patience = sleep(ANSWER_MS, undefined, waiting).catch(() => undefined);
  try {
    await Promise.race([once(socket, 'connect'), patience]);
    return false;
  } catch (error) {
    return codes(error).every((code) => code === 'ECONNREFUSED');
  } finally {
    waiting.abort();
    socket.destroy();
  }
}

/** Of a name with several addresses each has failed for a reason of its own. */
function codes(error: unknown): readonly unknown[] {
  const each: readonly unknown[] = error instanceof AggregateError ? error.errors : [error];
  return each.map((one) => (one as NodeJS.ErrnoException).code);
}
