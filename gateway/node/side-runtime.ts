import { type ApiGeneration } from '../core/admin-path';
import { type ListenerName } from '../core/feature';
import { type Side } from '../core/gateway-state';
import { type Readiness } from '../core/readiness';
import { type Upstream } from './upstream';

/** One side as the gateway reaches it. */
export interface SideRuntime {
  readonly side: Side;
  readonly apiGeneration: ApiGeneration;
  readonly upstreams: Readonly<Record<ListenerName, Upstream>>;
  /** Connections for health checks alone. */
  readonly health: Upstream;
  readonly readiness: Readiness;
}
