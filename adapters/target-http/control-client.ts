import { type z } from 'zod';
import { CutoverFault } from '../../domain/faults';
import { type ControlAddress, type ControlCall, ControlClient as JsonClient } from '../control/control-client';

export { type ControlAddress } from '../control/control-client';

const DRAIN_TIMEOUT_STATUS = 504;

/** Calls of the target protocol: 200 with an answer of the expected shape, or a fault. */
export class ControlClient {
  private readonly json: JsonClient;

  constructor(address: ControlAddress) {
    this.json = new JsonClient(address);
  }

  /** @throws CutoverFault TARGET_UNREACHABLE | TARGET_REFUSED | TARGET_STATE_INVALID | GATEWAY_BUSY */
  async call<T>(call: ControlCall, shape: z.ZodType<T>): Promise<T> {
    const answer = await this.json.call(call, [DRAIN_TIMEOUT_STATUS]);
    if (answer.status === DRAIN_TIMEOUT_STATUS) {
      const { name } = this.json;
      throw new CutoverFault('GATEWAY_BUSY', `requests at ${name} did not end in time; raise the budget or try later`, {
        name,
      });
    }
    const parsed = shape.safeParse(answer.json);
    if (answer.status !== 200 || !parsed.success) throw this.json.refusal(call, answer);
    return parsed.data;
  }

  close(): Promise<void> {
    return this.json.close();
  }
}
