import { type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { z } from 'zod';
import { isCutoverFault } from '../../domain/faults';
import { SUPPORTED_HYDRA_VERSIONS } from '../../domain/hydra-versions';
import { GATEWAY_PROTOCOL, type WarmUp } from '../../domain/ports/targets';
import { SIDE_NAMES } from '../../domain/sides';
import { EPOCH_MAX, TARGET_REFUSALS, type TargetRefusal } from '../../domain/target';
import { type HoldAnswer } from '../core/controller-deps';
import { type GatewayController } from '../core/gateway-controller';
import { HELD } from '../core/gateway-record';
import { type KeyTrials } from '../core/key-trials';
import { type Shadow } from '../core/shadow';
import { type Side } from '../core/gateway-state';
import { STALE_CHALLENGE_KINDS } from '../core/stale-challenge';
import { bearerCheck } from '../target/bearer-token';
import { readJson, sendJson } from '../target/json-http';
import { targetRoutes } from '../target/target-routes';
import { type HydraAge } from '../../domain/in-place/ages';
import { besideBody, type BesideShare } from './beside-share';
import { type Observations } from './observations';
import { type StaleChallenges } from './stale-challenges';
import { createInternalServer, routeKey, statusRoute, type StatusDeps } from './status-server';
import { type TlsMaterial } from './tls-files';

export interface ControlDeps extends StatusDeps {
  readonly staleChallenges: StaleChallenges;
  readonly observations: Observations;
  readonly shadow: Shadow;
  readonly keys: KeyTrials;
  readonly warmUp: (side: Side) => Promise<WarmUp>;
  /** Where blue has two Hydras. */
  readonly beside?: Beside;
  readonly token: () => string;
  /** This gateway at the arbiter; null as long as it was never admitted there. */
  readonly member: () => string | null;
  /** More of `GET /state`. */
  readonly extraState: () => Readonly<Record<string, unknown>>;
  readonly onError: (error: unknown) => void;
}

const epoch = z.int().positive().max(EPOCH_MAX);
// A worker that knows of no reads holds everything.
const holdBody = z.strictObject({ epoch, deadlineMs: z.int().positive(), holds: z.enum(HELD).default('everything') });
const readsBody = z.strictObject({ epoch });
const DAY_MS = 86_400_000;
const shadowBody = z.strictObject({
  cutoverId: z.string().min(1).max(200),
  hydraVersion: z.strictObject({ blue: z.enum(SUPPORTED_HYDRA_VERSIONS), green: z.enum(SUPPORTED_HYDRA_VERSIONS) }),
  rampMs: z.int().min(0).max(DAY_MS),
  requestsPerSecondMax: z.int().min(0).max(100_000),
  leaseMs: z.int().positive().max(DAY_MS),
});
const warmBody = z.strictObject({ side: z.enum(SIDE_NAMES) });
const COOKIE_LENGTH_MAX = 4_096;
const cookieBody = z.strictObject({
  side: z.enum(SIDE_NAMES),
  name: z.string().min(1).max(COOKIE_LENGTH_MAX),
  value: z.string().max(COOKIE_LENGTH_MAX),
});
const STALE_ENTRIES_MAX = 5_000;
const staleBody = z.strictObject({
  entries: z
    .array(z.strictObject({ kind: z.enum(STALE_CHALLENGE_KINDS), value: z.string(), requestUrl: z.string() }))
    .max(STALE_ENTRIES_MAX),
});
/** A thousand entries of 16 kB. */
const STALE_BODY_LIMIT_BYTES = 16 * 1024 * 1024;

/** Health and metrics without a token; everything else with it. */
export function createControlServer(deps: ControlDeps, tls?: TlsMaterial): Server {
  const { controller } = deps;
  const isAuthorized = bearerCheck(deps.token);
  // The first use of a shape compiles it, which in the pause everybody would wait for.
  for (const shape of [holdBody, readsBody, staleBody]) shape.safeParse({});
  const target = targetRoutes(controller, { token: deps.token, onError: deps.onError });

  const guarded: Readonly<
    Record<string, (request: IncomingMessage, response: ServerResponse) => void | Promise<void>>
  > = {
    'GET /observations': (_request, response) => sendJson(response, 200, deps.observations.view()),
    'GET /shadow': (_request, response) => sendJson(response, 200, deps.shadow.view()),
    'PUT /shadow': (request, response) => putShadow(deps.shadow, request, response),
    'POST /keys/cookie': (request, response) => tryCookie(deps.keys, request, response),
    ...(deps.beside && besideRoutes(deps.beside)),
    'GET /state': (_request, response) =>
      sendJson(response, 200, { protocol: GATEWAY_PROTOCOL, ...controller.view(), ...deps.extraState() }),
    'PUT /hold': (request, response) => putHold(deps, request, response),
    'PUT /reads': (request, response) => putReads(controller, request, response),
    'POST /warm-up': (request, response) => postWarmUp(deps, request, response),
    'PUT /stale-challenges': (request, response) => putStaleChallenges(deps.staleChallenges, request, response),
  };

  const route = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const key = routeKey(request);
    const status = statusRoute(deps, key);
    if (status !== undefined) return status(response);
    if (await target(request, response)) return;
    if (!isAuthorized(request.headers.authorization)) {
      sendJson(
        response,
        401,
        { code: 'UNAUTHORIZED', message: 'the bearer token is missing or wrong' },
        { Connection: 'close' },
      );
      return;
    }
    if (Object.hasOwn(guarded, key)) return guarded[key]?.(request, response);
    sendJson(response, 404, { code: 'NOT_FOUND', message: `no such route: ${key}` }, { Connection: 'close' });
  };

  return createInternalServer((request, response) => {
    route(request, response).catch((error: unknown) => {
      if (response.destroyed) return; // the caller left; nothing of ours failed
      deps.onError(error);
      const known = isCutoverFault(error);
      sendJson(response, 500, {
        code: known ? error.code : 'INTERNAL',
        message: known ? error.message : 'a defect in this program',
      });
    });
  }, tls);
}

/** Of blue, where it is two Hydras. */
interface Beside {
  readonly share: BesideShare;
  readonly isReady: () => Readonly<Record<HydraAge, boolean>>;
}

/** How the requests of blue are split between the older Hydra (0) and the newer one (100). Durable before it is answered, and never by an order that is older than the last one. */
function besideRoutes({ share, isReady }: Beside) {
  return {
    'GET /beside': (_request: IncomingMessage, response: ServerResponse) =>
      sendJson(response, 200, { ...viewOf(share), ready: isReady(), inFlight: share.split.inFlight }),
    'PUT /beside': async (request: IncomingMessage, response: ServerResponse) => {
      const body = await readBody(request, response, besideBody);
      if (body === undefined) return;
      if (await share.set(body)) return sendJson(response, 200, viewOf(share));
      sendJson(response, 409, {
        code: 'STALE_ORDER',
        message: `order ${body.order} comes too late: the share is ${share.split.share} % by order ${share.order}`,
      });
    },
  };
}

const viewOf = ({ split, order }: BesideShare) => ({ share: split.share, order });

async function putHold(
  { controller, member }: ControlDeps,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = await readBody(request, response, holdBody);
  if (body !== undefined) sendHold(response, await controller.hold(body.epoch, body.deadlineMs, body.holds), member());
}

async function putReads(
  controller: GatewayController,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = await readBody(request, response, readsBody);
  if (body === undefined) return;
  const result = await controller.moveReads(body.epoch);
  if (result.kind === 'moved') sendJson(response, 200, { epoch: result.epoch, readsAt: result.readsAt });
  else sendRefusal(response, result);
}

async function putShadow(shadow: Shadow, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const order = await readBody(request, response, shadowBody);
  if (order === undefined) return;
  shadow.order(order);
  sendJson(response, 200, shadow.view());
}

async function postWarmUp({ warmUp }: ControlDeps, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await readBody(request, response, warmBody);
  if (body !== undefined) sendJson(response, 200, await warmUp(body.side));
}

/** Whether a cookie that a side made opens, which changes nothing. */
async function tryCookie(keys: KeyTrials, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await readBody(request, response, cookieBody);
  if (body === undefined) return;
  sendJson(response, 200, { opens: keys.opensCookie(body.side, body.name, body.value) });
}

async function putStaleChallenges(
  staleChallenges: StaleChallenges,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = await readBody(request, response, staleBody, STALE_BODY_LIMIT_BYTES);
  if (body === undefined) return;
  const entries = await staleChallenges.add(body.entries);
  sendJson(response, 200, { known: staleChallenges.count, entries });
}

/** @returns undefined when it has answered what is wrong with the body */
async function readBody<T>(
  request: IncomingMessage,
  response: ServerResponse,
  schema: z.ZodType<T>,
  limitBytes?: number,
): Promise<T | undefined> {
  const read = await readJson(request, limitBytes);
  if (!read.ok) {
    sendJson(response, read.status, { code: 'MALFORMED', message: read.message }, { Connection: 'close' });
    return undefined;
  }
  const body = schema.safeParse(read.value);
  if (body.success) return body.data;
  sendJson(response, 400, { code: 'MALFORMED', message: z.prettifyError(body.error) });
  return undefined;
}

function sendHold(response: ServerResponse, result: HoldAnswer, member: string | null): void {
  switch (result.kind) {
    case 'holding':
      sendJson(response, 200, {
        ...{ holding: true, inFlight: 0, parked: result.parked, epoch: result.epoch },
        ...(member === null ? {} : { member }),
      });
      return;
    case 'drain_timeout':
      sendJson(response, 504, {
        code: 'DRAIN_TIMEOUT',
        message: 'requests are still in flight; the hold stays until the epoch is reverted, or repeat the call',
        inFlight: result.inFlight,
        epoch: result.epoch,
      });
      return;
    case 'in_doubt':
      sendJson(response, 409, {
        code: 'IN_DOUBT',
        message: 'this gateway does not know which side serves and acknowledges nothing',
      });
      return;
    case 'no_arbiter':
      sendJson(response, 409, {
        code: 'NO_ARBITER',
        message:
          'the arbiter in the database of doubt.blue prepares no such epoch, or there is none: it is not the one that is being left, or the attempt is over; if the attempt lives, correct doubt.blue in the config of this gateway',
      });
      return;
    case 'refused':
      sendRefusal(response, result);
  }
}

function sendRefusal(
  response: ServerResponse,
  { refusal, highestEpoch }: { readonly refusal: TargetRefusal; readonly highestEpoch: number },
): void {
  sendJson(response, 409, { code: refusal, message: TARGET_REFUSALS[refusal], highestEpoch });
}
