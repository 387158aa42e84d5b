import { createHash } from 'node:crypto';
import { CutoverFault } from '../../domain/faults';
import { type ApiGeneration } from '../../hydra/versions';
import { type Feature, type FeatureAnswer, type FeatureRequest, type ListenerName } from '../core/feature';
import { type Side } from '../core/gateway-state';
import { Serial } from '../core/serial';
import {
  answerToStale,
  asLocation,
  mayNameChallenge,
  namedChallenge,
  type NamedChallenge,
  STALE_UNREADABLE,
} from '../core/stale-challenge';
import { type LinePlace, StaleChallengeFile, type StaleChallengeLine } from './stale-challenge-file';

export interface StaleChallengeEntry extends NamedChallenge {
  /** Where the browser begins anew. */
  readonly requestUrl: string;
}

export interface StaleChallengesOptions {
  readonly file: string;
  /** With more of them the oldest are forgotten. */
  readonly max: number;
  /** So long after the last was told, all are forgotten and the file is emptied: addresses that people began with are in it. */
  readonly keepMs: number;
  readonly generationOf: (side: Side) => ApiGeneration;
  readonly onAnswer: (listener: ListenerName) => void;
  readonly onDropped: (count: number) => void;
  readonly onError: (error: unknown, event: string) => void;
}

/** How often it looks whether they are old. */
const LOOK_MS = 600_000;

/**
 * Logins and consents that were begun on a 1.x and come back once a 2.x serves. That one cannot know them, for 2.2 and later keep
 * them encrypted in the challenge; so the gateway answers as Hydra does for a stale one, and the browser begins anew where it
 * first began: 410 with `redirect_to` to the login app, 302 to the browser.
 *
 * Challenges and verifiers are kept as hashes; in memory only those, and where their address is in the file.
 */
export class StaleChallenges implements Feature {
  readonly name = 'stale-challenges';
  private readonly places = new Map<string, LinePlace>();
  private readonly serial = new Serial();
  private file: StaleChallengeFile | undefined;
  private timer: NodeJS.Timeout | undefined;

  private constructor(private readonly options: StaleChallengesOptions) {}

  /** @throws CutoverFault STATE_UNREADABLE | STATE_UNWRITABLE | DISK_FULL */
  static async open(options: StaleChallengesOptions): Promise<StaleChallenges> {
    const known = new StaleChallenges(options);
    let unreadable = 0;
    known.file = await StaleChallengeFile.open(options.file, (line, place) => {
      if (line === undefined) unreadable += 1;
      else known.remember(line, place);
    });
    if (unreadable > 0) options.onError(new Error(`${unreadable} lines of ${options.file}`), 'stale challenges lost');
    await known.forgetOld();
    known.timer = setInterval(() => void known.forgetOld(), Math.min(options.keepMs, LOOK_MS)).unref();
    return known;
  }

  get count(): number {
    return this.places.size;
  }

  /**
   * Idempotent; the first address of a challenge stays. An entry that leads to no usable address is left out and told, so
   * that one odd row does not keep the others away.
   * @returns how many of them are known now, on disk
   * @throws CutoverFault STATE_UNWRITABLE | DISK_FULL
   */
  add(entries: readonly StaleChallengeEntry[]): Promise<number> {
    const usable = entries.filter(({ requestUrl }) => asLocation(requestUrl) !== undefined);
    const unusable = entries.length - usable.length;
    if (unusable > 0)
      this.options.onError(new Error(`${unusable} entries`), 'stale challenges without a usable address');
    return this.serial.run(async () => {
      const lines = this.newLines(usable);
      if (lines.length === 0) return usable.length;
      if (this.file === undefined) throw new CutoverFault('STATE_UNWRITABLE', 'this gateway is shutting down');
      const places = await this.file.append(lines);
      lines.forEach((line, index) => this.remember(line, places[index] as LinePlace));
      return usable.length;
    });
  }

  concerns(listener: ListenerName, _method: string, target: string): boolean {
    return this.places.size > 0 && mayNameChallenge(listener, target);
  }

  async onRequest({ listener, side, method, target }: FeatureRequest): Promise<FeatureAnswer | 'pass'> {
    // All that are told were in the database of a 1.x, which still knows them.
    const isOver = this.options.generationOf(side) !== 1;
    const named = isOver ? namedChallenge(listener, method, target) : undefined;
    const place = named && this.places.get(hashOf(named));
    if (place === undefined || this.file === undefined) return 'pass';
    let url: string;
    try {
      ({ url } = await this.file.read(place));
    } catch (error) {
      this.options.onError(error, 'stale challenge unreadable');
      return STALE_UNREADABLE;
    }
    this.options.onAnswer(listener);
    return answerToStale(listener, url);
  }

  /** Forgets all and empties the file, if the last was told so long ago that nobody can come back with one. Idempotent. */
  forgetOld(): Promise<void> {
    return this.serial.run(async () => {
      try {
        const writtenAtMs = await this.file?.writtenAtMs();
        if (writtenAtMs === undefined || Date.now() - writtenAtMs < this.options.keepMs) return;
        this.places.clear();
        await this.file?.empty();
      } catch (error) {
        this.options.onError(error, 'stale challenges not emptied');
      }
    });
  }

  close(): Promise<void> {
    clearInterval(this.timer);
    return this.serial.run(async () => {
      const { file } = this;
      this.file = undefined;
      await file?.close();
    });
  }

  private newLines(entries: readonly StaleChallengeEntry[]): StaleChallengeLine[] {
    const byUrl = new Map<string, Set<string>>();
    for (const entry of entries) {
      const hash = hashOf(entry);
      if (this.places.has(hash)) continue;
      const hashes = byUrl.get(entry.requestUrl);
      if (hashes === undefined) byUrl.set(entry.requestUrl, new Set([hash]));
      else hashes.add(hash);
    }
    return [...byUrl].map(([url, hashes]) => ({ url, of: [...hashes] }));
  }

  private remember({ of: hashes }: StaleChallengeLine, place: LinePlace): void {
    for (const hash of hashes) if (!this.places.has(hash)) this.places.set(hash, place);
    let dropped = 0;
    for (const oldest of this.places.keys()) {
      if (this.places.size <= this.options.max) break;
      this.places.delete(oldest);
      dropped += 1;
    }
    if (dropped > 0) this.options.onDropped(dropped);
  }
}

function hashOf({ kind, value }: NamedChallenge): string {
  return createHash('sha256').update(`${kind} ${value}`).digest('base64url');
}
