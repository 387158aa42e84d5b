import { FORWARD } from '../../domain/sides';
import { type ControllerEvent } from '../core/controller-deps';
import { GatewayController } from '../core/gateway-controller';
import { type RefreshRetries } from '../core/refresh-retries';
import { chooseResolver, type Resolver } from './choose-resolver';
import { nodeClock } from './clock';
import { type LoadedConfig } from './config';
import { type GatewayConfig } from './config-schema';
import { createMembership, type Joined } from './create-membership';
import { type GatewayParts } from './gateway';
import { openGatewayStore } from './gateway-store';
import { type Log } from './logging';
import { type GatewayMetrics } from './metrics';

export interface OpenedController {
  readonly controller: GatewayController;
  /** undefined where no arbiter is asked over PostgreSQL: nobody but the worker's list knows of it then. */
  readonly joined: Joined | undefined;
  /** @throws CutoverFault CONFIG_INVALID */
  readonly reloadAuthorities: () => Promise<void>;
}

/** The controller with what it remembers; its questions to the arbiter end with `stopping`. */
export async function openController(
  loaded: LoadedConfig,
  parts: GatewayParts & { readonly refreshRetries: RefreshRetries | undefined; readonly onHold: () => void },
  metrics: GatewayMetrics,
  stopping: AbortSignal,
): Promise<OpenedController> {
  const { config } = loaded;
  const { log } = parts;
  const {
    memberAt,
    reload = nothingToReload,
    ...resolver
  }: Resolver = parts.resolveDoubt === undefined
    ? await chooseResolver(loaded, stopping)
    : { resolveDoubt: parts.resolveDoubt };
  const store = await openGatewayStore(config.stateFile, { mode: 'pass', weights: config.initialWeights });
  const opened: { controller?: GatewayController } = {};
  const joined =
    memberAt && resolver.findAttempt && config.doubt.kind === 'postgres'
      ? createMembership({
          ...{ memberAt, metrics, id: store.member, timeoutMs: config.doubt.timeoutMs },
          resolveDoubt: resolver.resolveDoubt,
          findAttempt: resolver.findAttempt,
          controller: () => opened.controller ?? fail(),
        })
      : undefined;
  // What was staged or decided changes which lease is wanted.
  const beatOnNews = () => joined?.membership.beatOnNews();
  const controller = new GatewayController(store.record, {
    direction: FORWARD,
    persist: async (record) => {
      await store.persist(record);
      setImmediate(beatOnNews);
    },
    clock: nodeClock,
    ...resolver,
    ...(joined && {
      resolveDoubt: joined.resolveDoubt,
      findAttempt: joined.findAttempt,
      isLapsed: () => joined.membership.isLapsed,
    }),
    settings: controllerSettings(config),
    onEvent: (event) => {
      metrics.onEvent(event);
      parts.refreshRetries?.onEvent(event);
      logEvent(log, event);
      if (event.kind === 'hold_began' || event.kind === 'hold_raised') parts.onHold();
      if (event.kind === 'reads_moved') setImmediate(beatOnNews);
    },
  });
  opened.controller = controller;
  void joined?.membership.beatNow();
  return { controller, joined, reloadAuthorities: reload };
}

const nothingToReload = (): Promise<void> => Promise.resolve();

function fail(): never {
  throw new Error('a beat before there is a controller');
}

function controllerSettings({ hold, doubt }: GatewayConfig) {
  // The side that would be left is claimed, then both are looked at.
  const questions = doubt.kind === 'postgres' ? 3 : 1;
  return {
    maxParked: hold.maxParked,
    maxParkedBytes: hold.maxParkedBytes,
    maxParkedMs: hold.maxParkedMs,
    releaseAtOnce: hold.releaseAtOnce,
    maxDeadlineMs: hold.deadlineMs,
    drainTimeoutMs: hold.drainTimeoutMs,
    doubtRetryMs: doubt.kind === 'none' ? 60_000 : doubt.retryMs,
    doubtTimeoutMs: doubt.kind === 'none' ? 1_000 : doubt.timeoutMs * questions,
    askOnStart: doubt.kind !== 'none' && doubt.askOnStart,
  };
}

function logEvent(log: Log, event: ControllerEvent): void {
  switch (event.kind) {
    case 'hold_began':
      log.info({ epoch: event.epoch }, 'hold began');
      return;
    case 'hold_raised':
      log.info({ epoch: event.epoch }, 'reads are held, too');
      return;
    case 'reads_moved':
      log.info({ epoch: event.epoch }, 'new reads go to the committed side');
      return;
    case 'hold_ended':
      log.info({ epoch: event.epoch, heldMs: Math.round(event.heldMs), released: event.released }, 'hold ended');
      return;
    case 'applied':
      log.info({ epoch: event.epoch, weights: event.state.weights }, 'state applied');
      return;
    case 'doubt_began':
      log.warn({ epoch: event.epoch, reason: event.reason }, 'in doubt, forwarding nothing');
      return;
    case 'doubt_asked':
      log.warn({ epoch: event.epoch, verdict: event.verdict, err: event.err }, 'asked who serves');
      return;
    case 'doubt_ended':
      log.info({ settledBy: event.settledBy }, 'not in doubt any more');
      return;
    case 'dropped':
      log.debug('parked client left');
  }
}
