import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { CutoverFault } from '../../domain/faults';
import { type Job, type JobPreview, type JobRemoval } from '../../domain/ports/targets';
import { type ControlAddress, ControlClient } from '../control/control-client';

const POLL_MS = 200;
/** A run that does not stop for so long is a fault of its own. */
const STOP_LIMIT_MS = 60_000;
/** It asks Hydra about everybody. */
const PREVIEW_TIMEOUT_MS = 120_000;

const statusBody = z.object({ paused: z.boolean(), running: z.boolean() });
const previewBody = z.object({
  wouldPurgeCount: z.int().min(0),
  wouldPurge: z.array(z.object({ subject: z.string(), client: z.string().nullish(), consent: z.string().nullish() })),
  next: z.string().min(1).nullish(),
});
type PreviewPage = z.output<typeof previewBody>;

/** The job does not know a page's `next` any more, for example after a restart. */
const PREVIEW_GONE = 410;

/** {@link Job} over `GET /job`, `POST /job/pause`, `POST /job/resume` and `GET /job/preview`, which is read page by page. */
export class HttpJob implements Job {
  readonly name: string;
  readonly #client: ControlClient;

  constructor(address: ControlAddress) {
    this.name = address.name;
    this.#client = new ControlClient(address);
  }

  async pause(): Promise<void> {
    let { running } = await this.#client.expect({ method: 'POST', path: '/job/pause' }, statusBody);
    for (const deadline = performance.now() + STOP_LIMIT_MS; running; { running } = await this.status()) {
      if (performance.now() > deadline) {
        throw new CutoverFault(
          'TARGET_UNREACHABLE',
          `${this.name} is paused, but a run has been under way for ${STOP_LIMIT_MS} ms since; wait for it or end it`,
          { name: this.name },
        );
      }
      await sleep(POLL_MS);
    }
  }

  async resume(): Promise<void> {
    await this.#client.expect({ method: 'POST', path: '/job/resume' }, statusBody);
  }

  status(): Promise<{ readonly paused: boolean; readonly running: boolean }> {
    return this.#client.expect({ method: 'GET', path: '/job' }, statusBody);
  }

  async preview(onProgress?: (named: number) => void): Promise<JobPreview> {
    const removals: JobRemoval[] = [];
    const seen = new Set<string>();
    let wouldRemove = 0;
    for (let after: string | undefined; ; seen.add(after)) {
      const { wouldPurgeCount, wouldPurge, next } = await this.#page(after);
      // Where the count changes from page to page, the largest one is what has to be explained.
      wouldRemove = Math.max(wouldRemove, wouldPurgeCount);
      for (const { subject, client, consent } of wouldPurge) {
        removals.push({ subject, ...(client == null ? {} : { client }), ...(consent == null ? {} : { consent }) });
      }
      onProgress?.(removals.length);
      if (next === undefined || next === null) return { wouldRemove, removals };
      // Otherwise one that does not know `after` gives its first page for ever, and names its subjects again and again.
      if (wouldPurge.length === 0 || seen.has(next)) throw this.#endless();
      after = next;
    }
  }

  /** Ends idle connections. */
  close(): Promise<void> {
    return this.#client.close();
  }

  async #page(after: string | undefined): Promise<PreviewPage> {
    const page = after === undefined ? {} : { query: { after } };
    const call = { method: 'GET', path: '/job/preview', ...page, timeoutMs: PREVIEW_TIMEOUT_MS } as const;
    const answer = await this.#client.call(call);
    if (answer.status === PREVIEW_GONE && after !== undefined) {
      throw new CutoverFault(
        'TARGET_UNREACHABLE',
        `${this.name} forgot its preview between two pages; the preview starts again`,
        { name: this.name },
      );
    }
    const body = previewBody.safeParse(answer.json);
    if (answer.status === 200 && body.success) return body.data;
    throw this.#client.refusal(call, answer);
  }

  #endless(): CutoverFault {
    return new CutoverFault(
      'TARGET_REFUSED',
      `${this.name} answers GET /job/preview with a \`next\` that leads nowhere: a page without entries, or one that was given before; bring it to the protocol of docs/targets.md`,
      { name: this.name },
    );
  }
}
