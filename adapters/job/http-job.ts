import { z } from 'zod';
import { type Job } from '../../domain/ports/targets';
import { type ControlAddress, ControlClient } from '../target-http/control-client';

const status = z.object({ paused: z.boolean(), running: z.boolean() });
const preview = z.object({
  wouldPurgeCount: z.int().min(0),
  wouldPurge: z.array(z.object({ subject: z.string() })),
});
/** A pause waits for the run that is under way, a preview asks Hydra for every subject. */
const LONG_CALL_MS = 60_000;

/** A dependent's job over its control listener. `close` ends its connections. */
export class HttpJob implements Job {
  readonly name: string;
  private readonly control: ControlClient;

  constructor(address: ControlAddress) {
    this.name = address.name;
    this.control = new ControlClient(address);
  }

  async pause(): Promise<void> {
    await this.control.call({ method: 'POST', path: '/job/pause', body: {}, timeoutMs: LONG_CALL_MS }, status);
  }

  async resume(): Promise<void> {
    await this.control.call({ method: 'POST', path: '/job/resume', body: {} }, status);
  }

  status(): Promise<{ readonly paused: boolean; readonly running: boolean }> {
    return this.control.call({ method: 'GET', path: '/job' }, status);
  }

  async preview(): Promise<{ readonly wouldRemove: number; readonly subjects: readonly string[] }> {
    const call = { method: 'GET', path: '/job/preview', timeoutMs: LONG_CALL_MS } as const;
    const { wouldPurgeCount, wouldPurge } = await this.control.call(call, preview);
    return { wouldRemove: wouldPurgeCount, subjects: [...new Set(wouldPurge.map(({ subject }) => subject))] };
  }

  close(): Promise<void> {
    return this.control.close();
  }
}
