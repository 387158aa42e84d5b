import { z } from 'zod';
import { type Target, type TargetView } from '../../domain/ports/targets';
import { SIDE_NAMES, type SideName } from '../../domain/sides';
import { sameJson } from '../../domain/target';
import { type ControlAddress, type ControlCall, ControlClient } from '../control/control-client';

export interface HttpTargetOptions extends ControlAddress {
  /** What it is configured with while a side serves; plain JSON. */
  readonly states: Readonly<Record<SideName, unknown>>;
}

const epochState = z.object({ epoch: z.number(), state: z.unknown() });
const viewBody = z.object({
  applied: epochState,
  staged: epochState.nullable(),
  highestEpoch: z.number(),
});

/** {@link Target} over the control protocol of `gateway/target`: what every call answers is what is durable and in use. */
export class HttpTarget implements Target {
  readonly name: string;
  protected readonly client: ControlClient;
  readonly #states: HttpTargetOptions['states'];

  constructor(options: HttpTargetOptions) {
    this.name = options.name;
    this.client = new ControlClient(options);
    this.#states = options.states;
  }

  stage(epoch: number, side: SideName): Promise<TargetView> {
    return this.#view({ method: 'PUT', path: '/target/staged', body: { epoch, state: this.#states[side] } });
  }

  apply(epoch: number): Promise<TargetView> {
    return this.#view({ method: 'POST', path: '/target/apply', body: { epoch } });
  }

  revert(epoch: number): Promise<TargetView> {
    return this.#view({ method: 'POST', path: '/target/revert', body: { epoch } });
  }

  read(): Promise<TargetView> {
    return this.#view({ method: 'GET', path: '/target' });
  }

  /** Ends idle connections. */
  close(): Promise<void> {
    return this.client.close();
  }

  async #view(call: ControlCall): Promise<TargetView> {
    const { applied, staged, highestEpoch } = await this.client.expect(call, viewBody);
    return {
      appliedEpoch: applied.epoch,
      appliedSide: SIDE_NAMES.find((side) => sameJson(this.#states[side], applied.state)) ?? null,
      stagedEpoch: staged?.epoch ?? null,
      highestEpoch,
    };
  }
}
