import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { CutoverFault } from '../../domain/faults';
import { type Job } from '../../domain/ports/targets';
import { type ControlAddress, ControlClient } from '../control/control-client';

const POLL_MS = 200;
/** A run that does not stop for so long is a fault of its own. */
const STOP_LIMIT_MS = 60_000;
/** It asks Hydra about everybody. */
const PREVIEW_TIMEOUT_MS = 120_000;

const statusBody = z.object({ paused: z.boolean(), running: z.boolean() });
const previewBody = z.object({
  wouldPurgeCount: z.number(),
  wouldPurge: z.array(z.object({ subject: z.string() })),
});

/** {@link Job} over `GET /job`, `POST /job/pause`, `POST /job/resume` and `GET /job/preview`. */
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

  async preview(): Promise<{ readonly wouldRemove: number; readonly subjects: readonly string[] }> {
    const call = { method: 'GET', path: '/job/preview', timeoutMs: PREVIEW_TIMEOUT_MS } as const;
    const { wouldPurgeCount, wouldPurge } = await this.#client.expect(call, previewBody);
    return { wouldRemove: wouldPurgeCount, subjects: [...new Set(wouldPurge.map(({ subject }) => subject))] };
  }

  /** Ends idle connections. */
  close(): Promise<void> {
    return this.#client.close();
  }
}
