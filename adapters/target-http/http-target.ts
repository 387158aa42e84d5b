import { z } from 'zod';
import { CutoverFault } from '../../domain/faults';
import { type Target, type TargetView } from '../../domain/ports/targets';
import { SIDE_NAMES, type SideName } from '../../domain/sides';
import { sameJson } from '../../domain/target';
import { type ControlAddress, type ControlAnswer, type ControlCall, ControlClient } from '../control/control-client';

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

const CHANGED_MEANWHILE = 412;
/** Each try loses only to somebody else's change. */
const TRIES = 10;

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

  /** On what was read just before (`If-Match`): a change that somebody else makes in between is seen before it is replaced. */
  async stage(epoch: number, side: SideName): Promise<TargetView> {
    const body = { epoch, state: this.#states[side] };
    for (let attempt = 1; attempt <= TRIES; attempt += 1) {
      const call: ControlCall = { method: 'PUT', path: '/target/staged', body, ifMatch: await this.#etag() };
      const answer = await this.client.call(call);
      if (answer.status !== CHANGED_MEANWHILE) return this.#viewOf(call, answer);
    }
    throw new CutoverFault(
      'TARGET_UNREACHABLE',
      `${this.name} was changed by somebody else during each of ${TRIES} tries to stage epoch ${epoch}; look for another cutover`,
      { name: this.name, epoch },
    );
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

  async #etag(): Promise<string> {
    const call: ControlCall = { method: 'GET', path: '/target' };
    const answer = await this.client.call(call);
    if (answer.status !== 200) throw this.client.refusal(call, answer);
    if (answer.etag !== undefined) return answer.etag;
    throw new CutoverFault(
      'TARGET_REFUSED',
      `${this.name} answers ${call.path} without an ETag, so that nothing could be staged on a condition; bring it to the protocol of docs/targets.md`,
      { name: this.name },
    );
  }

  async #view(call: ControlCall): Promise<TargetView> {
    return this.#viewOf(call, await this.client.call(call));
  }

  #viewOf(call: ControlCall, answer: ControlAnswer): TargetView {
    const body = viewBody.safeParse(answer.json);
    if (answer.status !== 200 || !body.success) throw this.client.refusal(call, answer);
    const { applied, staged, highestEpoch } = body.data;
    return {
      appliedEpoch: applied.epoch,
      appliedSide: SIDE_NAMES.find((side) => sameJson(this.#states[side], applied.state)) ?? null,
      stagedEpoch: staged?.epoch ?? null,
      highestEpoch,
    };
  }
}
