import { z } from 'zod';
import { type IncomingMessage } from 'node:http';
import { type Logger } from '../../config/logger';
import { parsedJson } from '../../domain/json';
import { sendJson } from '../../gateway/target';
import { type ControlOperation, controlRoutes } from '../service/control-listener';
import { type HttpListener, listen } from '../service/http-listener';
import { readBody } from '../service/read-body';
import { type Traffic } from './traffic';

const BODY_LIMIT_BYTES = 4_096;
const RATE_MAX = 10_000;

const rateBody = z.object({ ratePerSecond: z.number().min(0).max(RATE_MAX) });
const waitsBody = z.object({ fromMs: z.number(), toMs: z.number() });

export interface TrafficControlOptions {
  readonly traffic: Traffic;
  readonly token: string;
  readonly port: number;
  /** Ends the process in order. */
  readonly onStop: () => void;
  readonly logger: Logger;
}

/**
 * Control on loopback, behind a bearer token: `POST /check` answers the verdict, `GET /stats` the report so far,
 * `POST /waits` `{ fromMs, toMs }` how long requests took that were sent in that interval,
 * `GET /secrets` every secret that was seen (with `keepSecrets`), `POST /rate` `{ ratePerSecond }`, `POST /stop` ends the process. 409 for a check beside another.
 */
export function startTrafficControl(options: TrafficControlOptions): Promise<HttpListener> {
  const { traffic, token, port, onStop, logger } = options;
  let checking = false;
  const check: ControlOperation = async () => {
    if (checking) return { status: 409, body: { code: 'CHECK_RUNNING', message: 'another check is under way' } };
    checking = true;
    try {
      return { status: 200, body: await traffic.check() };
    } finally {
      checking = false;
    }
  };
  const routes = controlRoutes(token, {
    'POST /check': check,
    'GET /stats': async () => ({ status: 200, body: traffic.report() }),
    'GET /secrets': async () => ({ status: 200, body: { secrets: traffic.secrets } }),
    'POST /rate': async (request) => {
      const rate = rateBody.safeParse(await readJson(request));
      if (!rate.success) {
        const message = `the body must be { "ratePerSecond": 0 to ${RATE_MAX} }`;
        return { status: 400, body: { code: 'MALFORMED', message } };
      }
      traffic.setRate(rate.data.ratePerSecond);
      return { status: 200, body: rate.data };
    },
    'POST /waits': async (request) => {
      const interval = waitsBody.safeParse(await readJson(request));
      if (!interval.success) {
        return { status: 400, body: { code: 'MALFORMED', message: z.prettifyError(interval.error) } };
      }
      return { status: 200, body: traffic.waits(interval.data.fromMs, interval.data.toMs) };
    },
    'POST /stop': async () => {
      onStop();
      return { status: 202, body: { stopping: true } };
    },
  });
  const handler: Parameters<typeof listen>[1] = async (request, response) => {
    if (await routes(request, response)) return;
    sendJson(response, 404, { code: 'NOT_FOUND', message: 'no such control route' });
  };
  return listen({ host: '127.0.0.1', port }, handler, logger);
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  return parsedJson((await readBody(request, BODY_LIMIT_BYTES))?.toString('utf8') ?? '');
}
