import { CutoverFault, isCutoverFault } from '../../domain/faults';
import { type ResolveDoubt } from '../core/doubt';
import { type Feature, type ListenerName } from '../core/feature';
import { type GatewayController } from '../core/gateway-controller';
import { type Side } from '../core/gateway-state';
import { type KeyTrials } from '../core/key-trials';
import { kindOfRequest } from '../core/request-kind';
import { BesideShare } from './beside-share';
import { BodyPool } from './body-pool';
import { type LoadedConfig } from './config';
import { type GatewayConfig } from './config-schema';
import { type ControlDeps, createControlServer } from './control-server';
import { createFeatures } from './create-features';
import { createWarmUp } from './create-warm-up';
import { type ExchangeDeps } from './exchange';
import { type Joined } from './create-membership';
import { openController } from './open-controller';
import { closeAll, listenAll, readCertificates, reloadCertificates, type Servers } from './listeners';
import { type AccessLog, createAccessLog, type Log } from './logging';
import { GatewayMetrics } from './metrics';
import { createForwardingServer } from './public-server';
import { createRefreshRetries } from './refresh-call';
import { closeSides, createSides, pollSides, type SideRuntime } from './side-runtime';
import { StaleChallenges } from './stale-challenges';
import { type StreamRelay } from './stream-relay';
import { createStatusServer } from './status-server';
import { Sweeper } from './sweeper';
import { trustOf } from './trusted-proxies';
import { watchAnswers } from './watch-answers';
import { watchFiles } from './watch-files';

export interface RunningGateway {
  readonly publicUrl: string;
  readonly adminUrl: string;
  readonly controlUrl: string;
  /** Of health and metrics, when they have a listener of their own. */
  readonly statusUrl?: string;
  /**
   * Reads certificates and secrets again. When one is not good, all of its kind stay as they are.
   * @throws CutoverFault CONFIG_INVALID
   */
  reload(): Promise<void>;
  /** Stops accepting, refuses what is parked, lets what is in flight finish until the deadline. Idempotent. */
  close(): Promise<void>;
}

export interface GatewayParts {
  readonly log: Log;
  /** @default none: everything streams through unchanged */
  readonly features?: readonly Feature[];
  /** A file of a certificate or a secret was changed: `reload` reads it. */
  readonly onFilesChanged?: () => void;
  /** @default as the config says */
  readonly resolveDoubt?: ResolveDoubt;
}

/**
 * Starts the listeners. Nothing is forwarded before the state was read.
 * @throws CutoverFault STATE_UNREADABLE | STATE_UNWRITABLE | DISK_FULL | PORT_TAKEN | CONFIG_INVALID
 */
export async function startGateway(loaded: LoadedConfig, parts: GatewayParts): Promise<RunningGateway> {
  const { config } = loaded;
  const { servers, controller, reloadAuthorities, release } = await assemble(loaded, parts);
  const urls = await listenAll(servers, config).catch(async (error: unknown) => {
    controller.stop();
    await closeAll(servers, 0);
    await release();
    throw error;
  });
  const reload = () => eachOnItsOwn([reloadCertificates(servers, config), loaded.reloadSecrets(), reloadAuthorities()]);
  const stopWatching = watchFiles(filesOf(loaded), () => parts.onFilesChanged?.());
  const close = once(async () => {
    stopWatching();
    controller.stop();
    await Promise.all([controller.idle(config.shutdownTimeoutMs), closeAll(servers, config.shutdownTimeoutMs)]);
    await release();
  });
  return { ...urls, reload, close };
}

/** Those that are renewed while this gateway runs. */
function filesOf({ config: { listeners, doubt }, secretFiles }: LoadedConfig): readonly string[] {
  const asked = doubt.kind === 'postgres' ? [doubt.blue.ssl.caFile, doubt.green?.ssl.caFile] : [];
  const tls = [...Object.values(listeners).flatMap((listener) => Object.values(listener?.tls ?? {})), ...asked];
  return [...tls.filter((file): file is string => typeof file === 'string'), ...secretFiles];
}

/** A certificate that is no good keeps no secret from being renewed. @throws CutoverFault CONFIG_INVALID with all that was wrong */
async function eachOnItsOwn(kinds: readonly Promise<void>[]): Promise<void> {
  const problems: string[] = [];
  for (const outcome of await Promise.allSettled(kinds)) {
    if (outcome.status === 'fulfilled') continue;
    if (!isCutoverFault(outcome.reason)) throw outcome.reason;
    problems.push(outcome.reason.message);
  }
  if (problems.length > 0) throw new CutoverFault('CONFIG_INVALID', problems.join('; '), { problems });
}

function once(work: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => (done ??= work());
}

interface Assembled {
  readonly servers: Servers;
  readonly controller: GatewayController;
  readonly reloadAuthorities: () => Promise<void>;
  /** Ends what the servers used. */
  readonly release: () => Promise<void>;
}

async function assemble(loaded: LoadedConfig, parts: GatewayParts): Promise<Assembled> {
  const [{ config }, { log }] = [loaded, parts];
  const certificates = await readCertificates(config);
  const stopping = new AbortController();
  const metrics = new GatewayMetrics();
  const staleChallenges = await openStaleChallenges(config, log, metrics);
  const refreshRetries = createRefreshRetries(config, (how) => metrics.refreshesSpared.inc({ how }));
  const { pools, bodies, behind, onHold } = clientsUnderWay(config);
  const moreParts = { ...parts, refreshRetries, onHold };
  const opened = await openController(loaded, moreParts, metrics, stopping.signal);
  const { controller, joined, reloadAuthorities } = opened;
  const sides = createSides(config, log, metrics.calls);
  const features = createFeatures(loaded, staleChallenges, parts.features ?? [], metrics);
  const watching = await watchAnswers(loaded, generationsOf(config), metrics.calls, log);
  const { observer, keys, observations, shadow, stopWatching } = watching;
  // Next to the state file, and of no epoch: both Hydras write to the same database.
  const besideShare = await BesideShare.open(`${config.stateFile}.beside`);
  const accessLog = createAccessLog(config.accessLog);
  const sweeper = new Sweeper();
  const shared = {
    controller,
    sides,
    split: besideShare.split,
    sweeper,
    behind,
    timeouts: { ...config.upstream, bodyTimeoutMs: config.limits.bodyTimeoutMs },
    ...features,
    observer,
    kindOf: kindOfRequest(generationsOf(config)),
    refreshRetries,
    ...reportsTo(metrics, accessLog),
    isTrusted: trustOf(config.trustedProxies),
  };
  const forwarding = (listener: ListenerName) =>
    createForwardingServer({ ...shared, listener, bodies: pools[listener] }, config.limits, certificates[listener]);
  const isReady = (side: Side) => sides[side].readiness.isReady;
  metrics.watch({ controller, isReady, staleChallenges, bodies, refreshRetries });
  const controlDeps = {
    controller,
    metrics,
    staleChallenges,
    ...{ observations, shadow, keys, warmUp: createWarmUp(config, metrics.calls, log) },
    ...besideOf(sides.blue, besideShare),
    member: () => (joined?.membership.hasJoined === true ? joined.id : null),
    token: () => loaded.controlToken,
    extraState: () => ({
      ...stateOf(config, { features, keys, staleChallenges, besideShare, joined, metrics }),
      receiving: pools.public.incompleteCount + pools.admin.incompleteCount,
      ready: { blue: isReady('blue'), green: isReady('green') },
    }),
    onError: (err: unknown) => log.error({ err }, 'control call failed'),
  };
  const servers = {
    public: forwarding('public'),
    admin: forwarding('admin'),
    ...ownServers(config, controlDeps, certificates),
  };
  const stopPolling = pollSides(sides, config.readiness.intervalMs);
  const release = async () => {
    stopping.abort();
    await joined?.leave();
    stopPolling();
    sweeper.stop();
    closeSides(sides);
    accessLog.close();
    await staleChallenges.close();
    await stopWatching();
  };
  return { servers, controller, reloadAuthorities, release };
}

/** Those that forward nothing. */
function ownServers(
  { listeners }: GatewayConfig,
  deps: Parameters<typeof createControlServer>[0],
  certificates: Awaited<ReturnType<typeof readCertificates>>,
): Pick<Servers, 'control' | 'status'> {
  return {
    control: createControlServer(deps, certificates.control),
    ...(listeners.status && { status: createStatusServer(deps, certificates.status) }),
  };
}

function reportsTo(
  metrics: GatewayMetrics,
  accessLog: AccessLog,
): Pick<ExchangeDeps, 'onEnd' | 'onLateAnswer' | 'onEncodedTarget'> {
  return {
    onEnd: (report) => {
      metrics.onExchange(report);
      accessLog.write(report);
    },
    onLateAnswer: (...late) => metrics.onAnswer(...late),
    onEncodedTarget: () => metrics.targetsEncoded.inc(),
  };
}

/** What is told and asked of the two Hydras of a side; nothing where there is one. */
function besideOf({ older, readiness }: SideRuntime, share: BesideShare): Pick<ControlDeps, 'beside'> {
  if (older === undefined) return {};
  return { beside: { share, isReady: () => ({ old: older.readiness.isReady, new: readiness.isReady }) } };
}

interface Remembering {
  readonly features: { readonly names: readonly string[] };
  readonly keys: KeyTrials;
  readonly staleChallenges: StaleChallenges;
  readonly besideShare: BesideShare;
  readonly joined: Joined | undefined;
  readonly metrics: GatewayMetrics;
}

function stateOf(config: GatewayConfig, remembering: Remembering) {
  const { features, keys, staleChallenges, besideShare, joined, metrics } = remembering;
  return {
    underWay: metrics.calls.underWay,
    staleChallenges: { known: staleChallenges.count },
    features: features.names,
    keys: keys.view(),
    ...(config.sides.blue.older && { beside: { share: besideShare.split.share } }),
    member: joined === undefined ? null : { id: joined.id, isAlive: joined.membership.isAlive },
  };
}

/** Bodies that clients have still to send, and answers that they have still to read. A hold waits for none of them longer than it must. */
function clientsUnderWay(config: GatewayConfig) {
  const pools = { public: createBodyPool(config), admin: createBodyPool(config) };
  const bodies = Object.values(pools);
  const behind = new Set<StreamRelay>();
  const onHold = () => {
    bodies.forEach((pool) => pool.giveUpStreams());
    behind.forEach((relay) => relay.onHold());
  };
  return { pools, bodies, behind, onHold };
}

/** Large bodies never take more than half of the connections to a side. */
function createBodyPool({ limits, upstream }: GatewayConfig): BodyPool {
  const streamedBodies = Math.min(limits.streamedBodies, Math.floor(upstream.maxConnections / 2));
  return new BodyPool({ bodyBytes: limits.bodyBytes, streamedBodies });
}

/** The file grows next to the state file, until nobody can have begun on blue any more. */
function openStaleChallenges(config: GatewayConfig, log: Log, metrics: GatewayMetrics): Promise<StaleChallenges> {
  return StaleChallenges.open({
    file: `${config.stateFile}.stale-challenges`,
    max: config.staleChallenges.max,
    keepMs: config.staleChallenges.keepMs,
    generationOf: (side) => config.sides[side].apiGeneration,
    onAnswer: (listener) => metrics.staleAnswers.inc({ listener }),
    onDropped: (count) => metrics.staleDropped.inc(count),
    onError: (err, event) => log.error({ err }, event),
  });
}

function generationsOf({ sides }: GatewayConfig) {
  return { blue: sides.blue.apiGeneration, green: sides.green.apiGeneration };
}
