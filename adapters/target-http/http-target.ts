import { z } from 'zod';
import { CutoverFault, isCutoverFault } from '../../domain/faults';
import { type Target, type TargetView } from '../../domain/ports/targets';
import { SIDE_NAMES, type SideName } from '../../domain/sides';
import { assertEpoch } from '../../domain/target';
import { type ControlAddress, type ControlAnswer, type ControlCall, ControlClient } from '../control/control-client';
import { assertKept } from '../target-record/assert-kept';
import { sameJson } from '../../domain/json';

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
/** Of a target that was made before a commit could be told. */
const NO_SUCH_ROUTE: readonly number[] = [404, 405];
const READ: ControlCall = { method: 'GET', path: '/target' };
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

  /**
   * On what was read just before (`If-Match`): a change that somebody else makes in between is seen before it is replaced. Then what
   * it answers, and what it says when it is read, must be what was sent.
   */
  async stage(epoch: number, side: SideName): Promise<TargetView> {
    assertEpoch(this.name, epoch);
    const body = { epoch, state: this.#states[side] };
    for (let attempt = 1; attempt <= TRIES; attempt += 1) {
      const call: ControlCall = { method: 'PUT', path: '/target/staged', body, ifMatch: await this.#etag() };
      const answer = await this.client.call(call);
      if (answer.status === CHANGED_MEANWHILE) continue;
      this.#assertStaged(call, answer, epoch, side);
      // An answer may only repeat the call.
      const now = await this.client.call(READ);
      this.#assertStaged(READ, now, epoch, side);
      return this.#viewOf(READ, now);
    }
    throw new CutoverFault(
      'TARGET_UNREACHABLE',
      `${this.name} was changed by somebody else during each of ${TRIES} tries to stage epoch ${epoch}; look for another cutover`,
      { name: this.name, epoch },
    );
  }

  apply(epoch: number): Promise<TargetView> {
    return this.#withEpoch('/target/apply', epoch);
  }

  revert(epoch: number): Promise<TargetView> {
    return this.#withEpoch('/target/revert', epoch);
  }

  async tellCommitted(epoch: number, side: SideName): Promise<TargetView> {
    assertEpoch(this.name, epoch);
    const body = { epoch, state: this.#states[side] };
    const call: ControlCall = { method: 'POST', path: '/target/committed', body };
    const answer = await this.client.call(call);
    return NO_SUCH_ROUTE.includes(answer.status) ? this.#bringOlderTo(epoch, side) : this.#viewOf(call, answer);
  }

  /** One of an older version: it takes the epoch as long as it has not given up that one, or seen a newer one. */
  async #bringOlderTo(epoch: number, side: SideName): Promise<TargetView> {
    try {
      return await this.apply(epoch);
    } catch (error) {
      if (!isCutoverFault(error) || error.code !== 'TARGET_REFUSED') throw error;
      const { highestEpoch } = await this.read();
      if (highestEpoch >= epoch) {
        throw new CutoverFault(
          'TARGET_REFUSED',
          `${this.name} has seen epoch ${highestEpoch} and given up ${epoch}, which was committed, and it is of a version that cannot be told so ` +
            '(no POST /target/committed); bring it to this version, then repeat',
          { name: this.name, epoch, highestEpoch },
          error,
        );
      }
      await this.stage(epoch, side);
      return this.apply(epoch);
    }
  }

  read(): Promise<TargetView> {
    return this.#view(READ);
  }

  /** Ends idle connections. */
  close(): Promise<void> {
    return this.client.close();
  }

  async #etag(): Promise<string> {
    const answer = await this.client.call(READ);
    if (answer.status !== 200) throw this.client.refusal(READ, answer);
    if (answer.etag !== undefined) return answer.etag;
    throw new CutoverFault(
      'TARGET_REFUSED',
      `${this.name} answers ${READ.path} without an ETag, so that nothing could be staged on a condition; bring it to the protocol of docs/targets.md`,
      { name: this.name },
    );
  }

  #assertStaged(call: ControlCall, answer: ControlAnswer, epoch: number, side: SideName): void {
    const { applied, staged, highestEpoch } = this.#bodyOf(call, answer);
    // A repeat may come behind the apply.
    const entry = [staged, applied].find((known) => known?.epoch === epoch);
    if (entry) return assertKept({ name: this.name, epoch, side, sent: this.#states[side], kept: entry.state });
    throw new CutoverFault(
      'TARGET_REFUSED',
      `${this.name} answers ${call.method} ${call.path} without epoch ${epoch}, which it had accepted (it has seen ${highestEpoch}); look for another cutover, or bring it to the protocol of docs/targets.md`,
      { name: this.name, epoch, highestEpoch },
    );
  }

  async #withEpoch(path: string, epoch: number): Promise<TargetView> {
    assertEpoch(this.name, epoch);
    return this.#view({ method: 'POST', path, body: { epoch } });
  }

  async #view(call: ControlCall): Promise<TargetView> {
    return this.#viewOf(call, await this.client.call(call));
  }

  #bodyOf(call: ControlCall, answer: ControlAnswer): z.output<typeof viewBody> {
    const body = viewBody.safeParse(answer.json);
    if (answer.status === 200 && body.success) return body.data;
    throw this.client.refusal(call, answer);
  }

  #viewOf(call: ControlCall, answer: ControlAnswer): TargetView {
    const { applied, staged, highestEpoch } = this.#bodyOf(call, answer);
    for (const epoch of [applied.epoch, staged?.epoch ?? 0, highestEpoch]) assertEpoch(this.name, epoch);
    return {
      appliedEpoch: applied.epoch,
      appliedSide: SIDE_NAMES.find((side) => sameJson(this.#states[side], applied.state)) ?? null,
      stagedEpoch: staged?.epoch ?? null,
      highestEpoch,
    };
  }
}
