import { Agent, request } from 'undici';
import { CutoverFault } from '../../domain/faults';
import { type DependentCounter } from '../../domain/ports/targets';
import { parseMetrics, sumOf } from './parse-metrics';

export interface HttpCounterOptions {
  readonly name: string;
  /** Where the dependent shows its metrics in Prometheus' text format. */
  readonly metricsUrl: string;
  readonly metric: string;
  /** Series that have all of these labels are added up. */
  readonly labels: Readonly<Record<string, string>>;
  /** @default 5_000 */
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 5_000;
const ANSWER_LIMIT_BYTES = 16 * 1024 * 1024;

/** {@link DependentCounter} over HTTP. Redirects are not followed. */
export class HttpCounter implements DependentCounter {
  readonly #agent = new Agent({ connections: 1, maxResponseSize: ANSWER_LIMIT_BYTES });

  constructor(private readonly options: HttpCounterOptions) {}

  get name(): string {
    return this.options.name;
  }

  readonly read = async (): Promise<number> => {
    const { metricsUrl, metric, labels, timeoutMs = TIMEOUT_MS } = this.options;
    const { statusCode, text } = await this.#get(metricsUrl, timeoutMs);
    const samples = statusCode === 200 ? parseMetrics(text).filter(({ name }) => name === metric) : [];
    // A counter that nobody knows must not look like one that stands still.
    if (samples.length === 0) {
      throw new CutoverFault(
        'TARGET_REFUSED',
        `counter ${this.name}: ${new URL(metricsUrl).host} answered ${statusCode} without the metric ${metric}; correct bake.counters`,
        { name: this.name, statusCode },
      );
    }
    return sumOf(samples, metric, (found) => Object.entries(labels).every(([label, value]) => found[label] === value));
  };

  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  async #get(url: string, timeoutMs: number): Promise<{ readonly statusCode: number; readonly text: string }> {
    try {
      const signal = AbortSignal.timeout(timeoutMs);
      const { statusCode, body } = await request(url, { dispatcher: this.#agent, signal });
      return { statusCode, text: await body.text() };
    } catch (error) {
      const { host } = new URL(url);
      throw new CutoverFault(
        'TARGET_UNREACHABLE',
        `counter ${this.name}: ${host} does not show its metrics; check that it runs and is reachable`,
        { name: this.name, endpoint: host },
        error,
      );
    }
  }
}
