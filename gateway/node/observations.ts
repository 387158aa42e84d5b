import { z } from 'zod';
import { SIGHTING_KINDS } from '../../domain/sightings';
import { type HourOfWrites } from '../../domain/quiet-hours';
import { type KnownSightings, SightingBook, type Suspicion } from '../core/sightings';
import { WriteRates } from '../core/write-rates';
import { DurableJson } from '../target/durable-json';

const SIGHTINGS_MAX = 1_000;
const SAVE_EVERY_MS = 10_000;

const text = z.string().max(1_000);
const document = z.object({
  schemaVersion: z.literal(1),
  sightings: z.object({
    since: text,
    sightings: z.array(
      z.object({ kind: z.enum(SIGHTING_KINDS), who: text, what: text, count: z.number(), firstAt: text, lastAt: text }),
    ),
    // An older version of this gateway knew fewer kinds: what it saw counts on.
    beyond: z.partialRecord(z.enum(SIGHTING_KINDS), z.number()),
  }),
  hours: z.array(z.object({ at: text, writes: z.number(), peakPerSecond: z.number() })),
});

interface ObservationsOptions {
  readonly file: string;
  /** Unix time in milliseconds. @default the system's */
  readonly now?: () => number;
  readonly onError: (error: unknown, event: string) => void;
}

/**
 * What this gateway has seen, over weeks and restarts: requests that green would answer otherwise, and writes by hour. It is worth
 * no refused request: a file that cannot be read or written costs what was seen, and the log says so.
 */
export class Observations {
  private readonly book: SightingBook;
  private readonly rates: WriteRates;
  private readonly timer: NodeJS.Timeout;
  private readonly now: () => number;
  private dirty = false;
  private saving: Promise<void> | undefined;

  private constructor(
    private readonly options: ObservationsOptions,
    private readonly durable: DurableJson<z.output<typeof document>>,
    known: { readonly sightings: KnownSightings; readonly hours: readonly HourOfWrites[] } | undefined,
  ) {
    this.now = options.now ?? Date.now;
    this.book = new SightingBook(known?.sightings, this.stamp(), SIGHTINGS_MAX);
    this.rates = new WriteRates(known?.hours ?? []);
    this.rates.tick(this.now());
    this.timer = setInterval(() => {
      this.rates.tick(this.now());
      void this.save();
    }, SAVE_EVERY_MS).unref();
  }

  static async open(options: ObservationsOptions): Promise<Observations> {
    const durable = new DurableJson(options.file, (value) => document.parse(value));
    const known = await durable.read().catch((error: unknown) => {
      options.onError(error, 'what was seen before is lost');
      return undefined;
    });
    return new Observations(options, durable, known);
  }

  saw({ kind, what, who }: Suspicion): void {
    this.book.add({ kind, what, who: who() }, this.stamp());
    this.dirty = true;
  }

  wrote(): void {
    this.rates.add(this.now());
    this.dirty = true;
  }

  /** As `GET /observations` shows it. */
  view() {
    return {
      sightings: this.book.view(),
      writes: { perSecond: this.rates.perSecond(this.now()), hours: this.rates.view() },
    };
  }

  async close(): Promise<void> {
    clearInterval(this.timer);
    await this.saving;
    await this.save();
  }

  private save(): Promise<void> {
    if (!this.dirty) return Promise.resolve();
    this.saving ??= this.write().finally(() => (this.saving = undefined));
    return this.saving;
  }

  private async write(): Promise<void> {
    this.dirty = false;
    const { sightings, writes } = this.view();
    try {
      await this.durable.write({ schemaVersion: 1, sightings, hours: [...writes.hours] } as z.output<typeof document>);
    } catch (error) {
      this.dirty = true;
      this.options.onError(error, 'what was seen could not be written');
    }
  }

  private stamp(): string {
    return new Date(this.now()).toISOString();
  }
}
