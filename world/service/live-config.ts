import { type z } from 'zod';
import { type Logger } from '../../config/logger';
import { asCutoverFault } from '../../domain/faults';
import { parseConfig, readConfigText } from './parse-config';

/** What `GET /health/config` answers. */
export interface ConfigStatus {
  readonly file: string;
  /** When the settings in use were read; ISO-8601 UTC. */
  readonly loadedAt: string;
  /** Why the file as it is now is not in use; null when it is. */
  readonly lastError: { readonly at: string; readonly code: string; readonly message: string } | null;
  /** Settings that were changed in the file and take effect only at the next start. */
  readonly needRestart: readonly string[];
}

export interface LiveConfigOptions<T> {
  readonly file: string;
  readonly schema: z.ZodType<T>;
  /** Settings that are bound at start, such as ports: a change of them is reported and not taken. */
  readonly startOnly: readonly (keyof T & string)[];
  readonly logger: Logger;
  /** How often the file is looked at. @default 300 */
  readonly pollMs?: number;
}

type ChangeCallback<T> = (config: T) => void | Promise<void>;

/**
 * The config of a running service. It follows its file by polling the content, because editors, ConfigMaps and atomic
 * renames each fool file watchers in their own way; `reload` looks at once.
 *
 * A file that cannot be used changes nothing: the last good settings stay, the log and {@link status} say why.
 */
export class LiveConfig<T extends object> {
  private readonly callbacks = new Set<ChangeCallback<T>>();
  private timer: NodeJS.Timeout | undefined;
  private pending: Promise<void> = Promise.resolve();
  private closed = false;

  private constructor(
    private readonly options: LiveConfigOptions<T>,
    private text: string,
    private config: T,
    private report: ConfigStatus,
  ) {}

  /** @throws CutoverFault CONFIG_UNREADABLE | CONFIG_INVALID: without a good file there is nothing to keep */
  static async open<T extends object>(options: LiveConfigOptions<T>): Promise<LiveConfig<T>> {
    const text = await readConfigText(options.file);
    const config = parseConfig(options.file, text, options.schema);
    const report = { file: options.file, loadedAt: now(), lastError: null, needRestart: [] };
    const live = new LiveConfig(options, text, config, report);
    live.poll();
    return live;
  }

  get current(): T {
    return this.config;
  }

  get status(): ConfigStatus {
    return this.report;
  }

  /** The callback hears of every change that was taken. What it throws is logged; the change stays. */
  onChange(callback: ChangeCallback<T>): void {
    this.callbacks.add(callback);
  }

  /** Looks at the file now. Resolves when the change, if there is one, is in use or refused. */
  reload(): Promise<void> {
    this.pending = this.pending.then(() => this.look());
    return this.pending;
  }

  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.timer);
    await this.pending;
  }

  private poll(): void {
    if (this.closed) return;
    this.timer = setTimeout(() => void this.reload().then(() => this.poll()), this.options.pollMs ?? 300);
    this.timer.unref();
  }

  private async look(): Promise<void> {
    if (this.closed) return;
    try {
      const text = await readConfigText(this.options.file);
      if (text === this.text && this.report.lastError === null) return;
      const { config, needRestart } = this.keepStartOnly(parseConfig(this.options.file, text, this.options.schema));
      const changed = JSON.stringify(config) !== JSON.stringify(this.config);
      this.text = text;
      this.config = config;
      this.report = { ...this.report, loadedAt: now(), lastError: null, needRestart };
      this.options.logger.info({ file: this.options.file, changed, needRestart }, 'config reloaded');
      if (changed) await this.announce();
    } catch (error) {
      this.refuse(error);
    }
  }

  private keepStartOnly(read: T): { config: T; needRestart: string[] } {
    const config = { ...read };
    const needRestart: string[] = [];
    for (const key of this.options.startOnly) {
      if (JSON.stringify(read[key]) === JSON.stringify(this.config[key])) continue;
      needRestart.push(key);
      config[key] = this.config[key];
    }
    return { config, needRestart };
  }

  private refuse(error: unknown): void {
    const { code, message } = asCutoverFault(error);
    const known = this.report.lastError?.message === message;
    this.report = { ...this.report, lastError: { at: now(), code, message } };
    // The same bad file is met at every poll: said once.
    if (!known) this.options.logger.error({ code, err: error }, 'config refused, the last good one stays in use');
  }

  private async announce(): Promise<void> {
    for (const callback of this.callbacks) {
      try {
        await callback(this.config);
      } catch (error) {
        this.options.logger.error({ err: error }, 'config change not followed everywhere');
      }
    }
  }
}

function now(): string {
  return new Date().toISOString();
}
