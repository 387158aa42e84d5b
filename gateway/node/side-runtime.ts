import { type ApiGeneration } from '../../hydra/versions';
import { type ListenerName } from '../core/feature';
import { SIDES, type Side } from '../core/gateway-state';
import { Readiness } from '../core/readiness';
import { type CallCounts } from './call-counts';
import { type GatewayConfig } from './config-schema';
import { type Log } from './logging';
import { probeReady } from './ready-probe';
import { type CallRequest, Upstream } from './upstream';

const HEALTH_CONNECTIONS = 2;

/** One side as the gateway reaches it. */
export interface SideRuntime {
  readonly side: Side;
  readonly apiGeneration: ApiGeneration;
  readonly upstreams: Readonly<Record<ListenerName, Upstream>>;
  /** Connections for health checks alone. */
  readonly health: Upstream;
  readonly readiness: Readiness;
  /** The older Hydra on the same database, which takes what the share does not give to this one. */
  readonly older?: Omit<SideRuntime, 'older'>;
}

/** With connections of its own for each listener of each side; nothing is asked before `pollSides`. */
export function createSides(config: GatewayConfig, log: Log, calls: CallCounts): Record<Side, SideRuntime> {
  const settings = {
    ...config.upstream,
    maxHeaderBytes: config.limits.headerBytes,
    onDefect: (err: unknown) => log.error({ err }, 'answer of a side not handled'),
  };
  const create = (side: Side, { publicUrl, adminUrl }: SideUrls): SideRuntime => {
    const { apiGeneration } = config.sides[side];
    const counted = { ...settings, onCall: ({ method, path }: CallRequest) => calls.begin(side, method, path) };
    // Apart from the connections of requests, which may all be busy when the answer is needed most.
    const health = new Upstream(adminUrl, { ...settings, maxConnections: HEALTH_CONNECTIONS });
    return {
      side,
      apiGeneration,
      upstreams: { public: new Upstream(publicUrl, counted), admin: new Upstream(adminUrl, counted) },
      health,
      readiness: new Readiness(
        () => probeReady(health, config.readiness.timeoutMs),
        (ready) => log.info({ side, ready }, 'side readiness changed'),
      ),
    };
  };
  const { blue, green } = config.sides;
  const older = blue.older && create('blue', blue.older);
  return { blue: { ...create('blue', blue), ...(older && { older }) }, green: create('green', green) };
}

type SideUrls = Pick<GatewayConfig['sides']['green'], 'publicUrl' | 'adminUrl'>;

function runtimesOf(sides: Readonly<Record<Side, SideRuntime>>): Omit<SideRuntime, 'older'>[] {
  return SIDES.flatMap((side) => [sides[side], sides[side].older ?? []]).flat();
}

export function closeSides(sides: Readonly<Record<Side, SideRuntime>>): void {
  for (const { health, upstreams } of runtimesOf(sides)) {
    for (const upstream of [health, ...Object.values(upstreams)]) upstream.close();
  }
}

/** Keeps each side's readiness fresh. @returns stops it */
export function pollSides(sides: Readonly<Record<Side, SideRuntime>>, intervalMs: number): () => void {
  const ask = () => runtimesOf(sides).forEach(({ readiness }) => void readiness.check());
  ask();
  const timer = setInterval(ask, intervalMs).unref();
  return () => clearInterval(timer);
}
