import { readFile } from 'node:fs/promises';
import { CutoverFault } from '../../../domain/faults';
import { EMPTY_STATE, type RdsState } from '../model/records';
import { replaceDurably } from '../../../gateway/target/durable-json';

/**
 * The durable state of the endpoint. One change after the other, each on the result of the one before, so two requests for
 * one name cannot both win; and nothing is answered before it is on disk.
 */
export class StateStore {
  readonly #file: string;
  #state: RdsState;
  #queue: Promise<unknown> = Promise.resolve();

  private constructor(file: string, state: RdsState) {
    this.#file = file;
    this.#state = state;
  }

  /** @throws CutoverFault CONFIG_UNREADABLE when the file is there and cannot be understood: never starts empty over it */
  static async open(file: string): Promise<StateStore> {
    return new StateStore(file, await readState(file));
  }

  /** The state of the last change that is on disk. */
  get current(): RdsState {
    return this.#state;
  }

  /**
   * @param decide pure: makes the next state, or throws a refusal, and then nothing has changed. Returning the state it was
   *   given writes nothing
   * @returns the state after it
   */
  change(decide: (state: RdsState) => RdsState): Promise<RdsState> {
    const result = this.#queue.then(async () => {
      const next = decide(this.#state);
      if (next !== this.#state) await replaceDurably(this.#file, JSON.stringify(next, null, 1));
      this.#state = next;
      return next;
    });
    this.#queue = result.catch(() => undefined);
    return result;
  }
}

async function readState(file: string): Promise<RdsState> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return EMPTY_STATE;
    throw error;
  }
  try {
    const state = JSON.parse(text) as Partial<RdsState>;
    if (state.schemaVersion === 1 && state.instances && state.snapshots) return state as RdsState;
  } catch {
    // Said below, together with a file of another shape.
  }
  throw new CutoverFault(
    'CONFIG_UNREADABLE',
    `the state file ${file} is not one of this version; move the folder away or start with another --state-dir`,
    { file },
  );
}
