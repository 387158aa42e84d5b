import { setTimeout as sleep } from 'node:timers/promises';
import { isCutoverFault } from '../../domain/faults';
import { type Gateway } from '../../domain/ports/targets';
import { type ShadowOrder, type ShadowView, shadowLines } from '../../domain/shadow';
import { type StepDeps } from '../step';

/** Orders are cheap, but a round of nothing takes milliseconds. */
const ORDER_EVERY_MS = 2_000;
/** Much longer than between two orders, and short enough for a worker that is gone. */
const LEASE_MS = 60_000;
/** The switchover waits for it. */
const STOP_LIMIT_MS = 1_000;

/** Tells the gateways after a round that the entered side has caught up, and keeps no round waiting for one that does not answer. */
export class ShadowOrders {
  private orderedAt = -Infinity;
  private sending: Promise<void> | undefined;
  private readonly lastTo = new Map<Gateway, Promise<void>>();

  constructor(
    private readonly deps: StepDeps,
    private readonly cutoverId: string,
  ) {}

  roundEnded(): void {
    const { shadow } = this.deps.settings;
    const now = performance.now();
    if (shadow.requestsPerSecondMax === 0 || this.sending !== undefined) return;
    if (now - this.orderedAt < ORDER_EVERY_MS) return;
    this.orderedAt = now;
    const order = this.order(shadow);
    for (const gateway of this.deps.gateways) this.lastTo.set(gateway, this.send(gateway, order));
    this.sending = Promise.all(this.lastTo.values()).then(() => {
      this.sending = undefined;
    });
  }

  /**
   * The gate is decided: what clients read is nothing that the entered side needs in the pause. Gateways that do not answer are waited for no longer than
   * a moment; they end by themselves.
   */
  async stop(): Promise<void> {
    const order = this.order({ ...this.deps.settings.shadow, requestsPerSecondMax: 0 });
    // An order that is under way must not come after this one.
    const told = [...this.lastTo].map(([gateway, last]) => last.then(() => this.send(gateway, order)));
    await Promise.race([Promise.all(told), sleep(STOP_LIMIT_MS, undefined, { ref: false })]);
  }

  /** Resolves when nothing is under way any more. */
  async ended(): Promise<void> {
    await this.sending;
  }

  private order(limits: Pick<ShadowOrder, 'rampMs' | 'requestsPerSecondMax'>): ShadowOrder {
    const { hydraVersion } = this.deps.settings;
    return { cutoverId: this.cutoverId, hydraVersion, ...limits, leaseMs: LEASE_MS };
  }

  private async send(gateway: Gateway, order: ShadowOrder): Promise<void> {
    try {
      await gateway.shadow?.(order);
    } catch (error) {
      const code = isCutoverFault(error) ? error.code : 'INTERNAL';
      this.deps.log.debug({ gateway: gateway.name, code }, 'gateway not told to compare answers');
    }
  }
}

/** What the entered side's answers are worth so far. */
export interface Shadowed {
  readonly problems: readonly string[];
  /** A sentence; undefined when nothing was asked for. */
  readonly summary: string | undefined;
  /** How many; undefined when nothing was asked for. */
  readonly compared: number | undefined;
}

/** Answers that were compared before, for another cutover, say nothing about this one. */
export async function readShadowed(
  { gateways, settings, direction: { from, to } }: StepDeps,
  cutoverId: string,
): Promise<Shadowed> {
  if (settings.shadow.requestsPerSecondMax === 0) {
    return { problems: [], summary: undefined, compared: undefined };
  }
  const views: ShadowView[] = [];
  for (const gateway of gateways) {
    const view = await gateway.shadowed?.().catch((error: unknown) => {
      if (!isCutoverFault(error)) throw error;
      return undefined;
    });
    if (view !== undefined && view.cutoverId === cutoverId) views.push(view);
  }
  const sum = (of: (view: ShadowView) => number) => views.reduce((total, view) => total + of(view), 0);
  const compared = sum((view) => view.compared);
  const worst = (of: (view: ShadowView) => number | null) => {
    const values = views.map(of).filter((value) => value !== null);
    return values.length === 0 ? 'unknown' : `${Math.max(...values)} ms`;
  };
  const share = views.length === 0 ? 0 : Math.min(...views.map((view) => view.share));
  return {
    problems: shadowLines(views),
    compared,
    summary:
      compared === 0
        ? 'none were compared yet'
        : `${compared} compared, ${sum((view) => view.caughtUp)} were the same once ${to} had caught up, ${sum((view) => view.waiting)} wait to be asked again, ${sum((view) => view.unanswered)} without an answer, ` +
          `${sum((view) => view.leftOut)} left out for the limits; ${Math.round(share * 100)} % of ${from}'s reads are asked now; ` +
          `p95 of ${to} ${worst((view) => view.p95Ms[to])} (at first ${worst((view) => view.p95Ms.greenAtFirst)}), of ${from} ${worst((view) => view.p95Ms[from])}`,
  };
}
