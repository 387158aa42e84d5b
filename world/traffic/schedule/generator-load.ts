import { type EventLoopUtilization, type IntervalHistogram, monitorEventLoopDelay, performance } from 'node:perf_hooks';

export interface GeneratorLoad {
  /** Of one core. */
  readonly cpuPercent: number;
  readonly eventLoopBusyPercent: number;
  readonly eventLoopDelayP99Ms: number;
  readonly eventLoopDelayMaxMs: number;
}

const RESOLUTION_MS = 10;
const NS_PER_MS = 1e6;

/** What this process itself used, and how long it was unable to look at answers. */
export class GeneratorLoadMeter {
  private readonly delay: IntervalHistogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  private readonly startedAtMs = performance.now();
  private readonly cpu = process.cpuUsage();
  private readonly loop: EventLoopUtilization = performance.eventLoopUtilization();

  constructor() {
    this.delay.enable();
  }

  summary(): GeneratorLoad {
    const elapsedMs = Math.max(performance.now() - this.startedAtMs, 1);
    const { user, system } = process.cpuUsage(this.cpu);
    const overshoot = (ns: number) => Math.max(0, Math.round((ns / NS_PER_MS - RESOLUTION_MS) * 10) / 10);
    return {
      cpuPercent: Math.round((user + system) / 10 / elapsedMs),
      eventLoopBusyPercent: Math.round(performance.eventLoopUtilization(this.loop).utilization * 100),
      eventLoopDelayP99Ms: overshoot(this.delay.percentile(99)),
      eventLoopDelayMaxMs: overshoot(this.delay.max),
    };
  }

  stop(): void {
    this.delay.disable();
  }
}
