import { type Clock } from './clock';
import { type ControllerEvent } from './controller-deps';
import { type ListenerName } from './feature';
import { rawFields, readForm } from './form';
import { type Side } from './gateway-state';

/** What a side said, in whole. */
export interface WholeAnswer {
  readonly status: number;
  readonly reason: string;
  /** Name, value, name, value… */
  readonly rawHeaders: readonly string[];
  readonly body: Uint8Array;
}

export interface RetrySettings {
  /** How long an answer is kept after it came. */
  readonly keepMs: number;
  readonly maxKept: number;
  readonly maxKeptBytes: number;
}

export interface RefreshRequest {
  readonly listener: ListenerName;
  /** Where it would go now. */
  readonly side: Side;
  readonly method: string;
  readonly target: string;
  /** Name, value, name, value… */
  readonly headers: readonly string[];
  /** The whole of it. */
  readonly body: Uint8Array | undefined;
}

/** How a refresh was answered without being sent: with an answer that was there, or with that of one that was under way. */
export type Spared = 'kept' | 'shared';

export interface RefreshRetriesDeps {
  readonly clock: Clock;
  readonly settings: RetrySettings;
  /** One way, with a secret of this process: what clients sent is not held in memory. */
  readonly digest: (text: string) => string;
  readonly onSpared: (how: Spared) => void;
}

/** Besides the body these decide what a side answers. */
const DECIDING_HEADERS: ReadonlySet<string> = new Set(['authorization', 'origin', 'host', 'accept', 'accept-encoding']);
/** What an entry takes besides its texts, about. */
const ENTRY_BYTES = 256;

interface Kept {
  readonly answer: WholeAnswer;
  readonly bytes: number;
  readonly until: number;
}

/**
 * Answers the retry of a refresh as the refresh was answered. Hydra takes a refresh token once, and from 1.11 on whoever sends it again
 * loses all tokens of that login; but a client whose connection broke has nothing else to send.
 *
 * Requests are the same when the side cannot tell them apart: client authentication, every field of the form, and the headers
 * that decide the answer. So nobody is given tokens that the side itself would not have given to that very request. Answers live
 * in memory only, and none outlives the moment in which another side may begin to serve.
 */
export class RefreshRetries {
  private readonly pending = new Map<string, Promise<WholeAnswer>>();
  /** The oldest first, which is also the first to go. */
  private readonly kept = new Map<string, Kept>();
  private bytes = 0;
  private generation = 0;
  private cancelTimer: (() => void) | undefined;

  constructor(private readonly deps: RefreshRetriesDeps) {}

  get keptCount(): number {
    return this.kept.size;
  }

  get keptBytes(): number {
    return this.bytes;
  }

  /** @returns undefined for what is no refresh, or one that has to reach the side each time */
  keyOf(request: RefreshRequest): string | undefined {
    const { listener, side, method, target, headers, body } = request;
    if (listener !== 'public' || method !== 'POST' || target !== '/oauth2/token' || body === undefined)
      return undefined;
    const form = readForm(headers, body);
    if (form?.get('grant_type') !== 'refresh_token' || !form.get('refresh_token')) return undefined;
    const deciding = decidingHeaders(headers);
    const fields = sortedFields(body);
    if (deciding === undefined || fields === undefined) return undefined;
    return this.deps.digest(JSON.stringify([side, deciding, fields]));
  }

  /** @returns the answer to the same request, or the one that it is about to get */
  find(key: string): Promise<WholeAnswer> | undefined {
    this.expire();
    const kept = this.kept.get(key);
    const answer = kept === undefined ? this.pending.get(key) : Promise.resolve(kept.answer);
    if (answer !== undefined) this.deps.onSpared(kept === undefined ? 'shared' : 'kept');
    return answer;
  }

  /** @param answer of the side to the request that has this key; whoever asks for the same meanwhile waits for it */
  sent(key: string, answer: Promise<WholeAnswer>): void {
    const { generation } = this;
    this.pending.set(key, answer);
    answer.then(
      (whole) => {
        this.pending.delete(key);
        if (whole.status === 200 && generation === this.generation) this.keep(key, whole);
      },
      () => this.pending.delete(key),
    );
  }

  /** When another side may begin to serve, or nobody knows which one does, nothing is kept any more: neither what is there nor what is under way. */
  onEvent({ kind }: Pick<ControllerEvent, 'kind'>): void {
    if (kind !== 'hold_began' && kind !== 'applied' && kind !== 'doubt_began') return;
    this.generation += 1;
    for (const key of this.kept.keys()) this.forget(key);
  }

  private keep(key: string, answer: WholeAnswer): void {
    const { clock, settings } = this.deps;
    const headerBytes = answer.rawHeaders.reduce((sum, text) => sum + text.length, 0);
    const bytes = ENTRY_BYTES + key.length + headerBytes + answer.body.length;
    if (bytes > settings.maxKeptBytes) return;
    this.kept.set(key, { answer, bytes, until: clock.now() + settings.keepMs });
    this.bytes += bytes;
    for (const oldest of this.kept.keys()) {
      if (this.kept.size <= settings.maxKept && this.bytes <= settings.maxKeptBytes) break;
      this.forget(oldest);
    }
    this.watchOldest();
  }

  private forget(key: string): void {
    this.bytes -= this.kept.get(key)?.bytes ?? 0;
    this.kept.delete(key);
  }

  private expire(): void {
    const now = this.deps.clock.now();
    for (const [key, { until }] of this.kept) {
      if (until > now) break;
      this.forget(key);
    }
  }

  /** Tokens stay in memory no longer than they may be given out. */
  private watchOldest(): void {
    const [oldest] = this.kept.values();
    if (this.cancelTimer !== undefined || oldest === undefined) return;
    this.cancelTimer = this.deps.clock.after(Math.max(1, oldest.until - this.deps.clock.now()), () => {
      this.cancelTimer = undefined;
      this.expire();
      this.watchOldest();
    });
  }
}

/** @returns undefined where the proof that comes with it is good for one request only (RFC 9449 section 4.2) */
function decidingHeaders(headers: readonly string[]): readonly string[] | undefined {
  const found: string[] = [];
  for (let index = 0; index + 1 < headers.length; index += 2) {
    const name = (headers[index] as string).toLowerCase();
    if (name === 'dpop') return undefined;
    if (DECIDING_HEADERS.has(name)) found.push(name, headers[index + 1] as string);
  }
  return found;
}

/**
 * The fields of a form as they came, byte by byte, in an order of their own.
 * @returns undefined where the order may mean something: a name is there twice, or could be by another reading; and of too many fields
 */
function sortedFields(body: Uint8Array): readonly string[] | undefined {
  const parts = rawFields(body)?.filter((part) => part !== '');
  // Older servers split at semicolons, too.
  if (parts === undefined || parts.some((part) => part.includes(';'))) return undefined;
  const names = new Set(parts.map((part) => [...new URLSearchParams(part).keys()][0]));
  return names.size === parts.length ? parts.sort() : undefined;
}
