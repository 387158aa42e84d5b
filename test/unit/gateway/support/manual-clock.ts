import { type Clock } from '../../../../gateway/core/clock';
import { nodeClock } from '../../../../gateway/node/clock';

interface Timer {
  readonly at: number;
  readonly run: () => void;
}

/** A clock that moves only when told. */
export class ManualClock implements Clock {
  private time = 0;
  private timers: Timer[] = [];

  now = (): number => this.time;

  after = (delayMs: number, run: () => void): (() => void) => {
    const timer = { at: this.time + delayMs, run };
    this.timers.push(timer);
    return () => {
      this.timers = this.timers.filter((other) => other !== timer);
    };
  };

  soon = (run: () => void): void => void this.after(0, run);

  /** As a process that is stopped: when it goes on, what came meanwhile is before its timers. */
  standStill(ms: number): void {
    this.time += ms;
  }

  get pending(): number {
    return this.timers.length;
  }

  /** Runs everything that is due within the next `ms`, in order of time, and lets promises settle in between. */
  async advance(ms: number): Promise<void> {
    const end = this.time + ms;
    await settle();
    for (;;) {
      const due = this.timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.timers = this.timers.filter((other) => other !== due);
      this.time = Math.max(this.time, due.at);
      due.run();
      await settle();
    }
    this.time = end;
  }
}

/** Gateways that start from here on go by a clock that moves only when told, until mocks are restored. */
export function stopClock(): ManualClock {
  const clock = new ManualClock();
  jest.spyOn(nodeClock, 'now').mockImplementation(clock.now);
  jest.spyOn(nodeClock, 'after').mockImplementation(clock.after);
  jest.spyOn(nodeClock, 'soon').mockImplementation(clock.soon);
  return clock;
}

export async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
