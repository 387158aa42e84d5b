import { z } from 'zod';
import { type Gateway, type GatewayView, type StaleChallenge } from '../../domain/ports/targets';
import { type ControlAddress } from '../target-http/control-client';
import { HttpTarget } from '../target-http/http-target';

const STATES = {
  blue: { mode: 'pass', weights: { blue: 1, green: 0 } },
  green: { mode: 'pass', weights: { blue: 0, green: 1 } },
} as const;

const held = z.object({ parked: z.int().min(0) });
const state = z.object({
  mode: z.enum(['pass', 'hold', 'in_doubt']),
  epoch: z.int().min(0),
  inFlight: z.int().min(0),
  parked: z.int().min(0),
  ready: z.object({ blue: z.boolean(), green: z.boolean() }),
});
const stored = z.object({ entries: z.int().min(0) });

/** Below what a gateway takes in one body. */
const BATCH_BYTES = 200 * 1024;

/** One instance of our gateway; its states are weights. */
export class HttpGateway extends HttpTarget implements Gateway {
  constructor(address: ControlAddress) {
    super({ ...address, states: STATES });
  }

  hold(epoch: number, deadlineMs: number): Promise<{ readonly parked: number }> {
    return this.control.call(
      { method: 'PUT', path: '/hold', body: { epoch, deadlineMs }, timeoutMs: deadlineMs },
      held,
    );
  }

  state(): Promise<GatewayView> {
    return this.control.call({ method: 'GET', path: '/state' }, state);
  }

  async addStaleChallenges(entries: readonly StaleChallenge[]): Promise<void> {
    for (const batch of batches(entries)) {
      await this.control.call({ method: 'PUT', path: '/stale-challenges', body: { entries: batch } }, stored);
    }
  }
}

function batches(entries: readonly StaleChallenge[]): StaleChallenge[][] {
  const made: StaleChallenge[][] = [];
  let bytes = Infinity;
  for (const entry of entries) {
    const size = Buffer.byteLength(JSON.stringify(entry)) + 1;
    if (bytes + size > BATCH_BYTES) {
      made.push([]);
      bytes = 0;
    }
    made.at(-1)?.push(entry);
    bytes += size;
  }
  return made;
}
