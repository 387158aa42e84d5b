import { callersBetween, type CallersReceipt, type CallersSample, type GatewayCalls } from '../../domain/callers';
import { isCutoverFault } from '../../domain/faults';
import { type Gateway } from '../../domain/ports/targets';
import { type SqlClient } from '../../domain/ports/sql-client';
import { loggedSince, markLog } from '../../hydra/capture';
import { type StepDeps } from '../step';
import { pathOfRun } from '../support/of-side';

type WatchDeps = Pick<StepDeps, 'gateways' | 'hydra' | 'settings' | 'direction'>;

interface Beginning {
  readonly sample: CallersSample;
  readonly mark: string | null;
  readonly at: number;
}

/**
 * Looks for calls of the left side's Hydra, and for confirmed writes, that came from no gateway. Asks for counters alone.
 *
 * What this worker asks of it meanwhile is taken off as long as it goes through the same port.
 */
export class CallerWatch {
  private earlier: CallersSample | undefined;
  private begun: Beginning | undefined;

  /**
   * @param left with a capture; undefined where there is none, so that no writes are compared
   * @param hasTargets whether some may ask that Hydra themselves, as they do until they are flipped
   */
  constructor(
    private readonly deps: WatchDeps,
    private readonly left?: SqlClient,
    private readonly hasTargets = false,
  ) {}

  /** Ends the span that is under way, if there is one, and begins the next. @returns what was seen in it; undefined the first time */
  async look(): Promise<CallersReceipt | undefined> {
    const { begun } = this;
    let seen: CallersReceipt | undefined;
    if (begun !== undefined) {
      const { left, deps } = this;
      const logged =
        left === undefined || begun.mark === null ? null : await loggedSince(left, pathOfRun(deps), begun.mark);
      // Who may have caused something is asked after it was counted.
      const hydras = await this.hydras();
      const after: CallersSample = { hydras, ...(await this.senders()) };
      const spanMs = Math.round(performance.now() - begun.at);
      const { earlier } = this;
      seen = callersBetween(
        { before: begun.sample, after, hasTargets: this.hasTargets, ...(earlier && { earlier }) },
        logged,
        spanMs,
      );
      this.earlier = begun.sample;
    }
    // And here before it is counted.
    const senders = await this.senders();
    const mark = this.left === undefined ? null : await markLog(this.left);
    this.begun = { sample: { ...senders, hydras: await this.hydras() }, mark, at: performance.now() };
    return seen;
  }

  private async senders(): Promise<Pick<CallersSample, 'gateways' | 'probes'>> {
    const { gateways, hydra, direction } = this.deps;
    return { gateways: await Promise.all(gateways.map(sentBy)), probes: hydra.probes?.(direction.from) ?? {} };
  }

  private async hydras(): Promise<CallersSample['hydras']> {
    return (await this.deps.hydra.answered?.(this.deps.direction.from)) ?? [];
  }
}

async function sentBy(gateway: Gateway): Promise<{ readonly name: string; readonly calls: GatewayCalls | string }> {
  const { name } = gateway;
  try {
    const traffic = await gateway.traffic?.();
    return { name, calls: traffic?.callsToBlue ?? 'its version does not count what it sends' };
  } catch (error) {
    return { name, calls: isCutoverFault(error) ? `does not tell (${error.code})` : 'does not tell' };
  }
}
