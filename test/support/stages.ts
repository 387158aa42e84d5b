/**
 * The states that a costly world goes through, so that each test of a chain can run alone: it names the stage that it needs, and
 * what leads there is done then, once for the whole file.
 *
 * A test may itself do what leads to the next stage. That is done once more when a later test asks for the stage, so each step
 * must find what is there when it is repeated.
 */
export class Stages<Name extends string> {
  readonly #steps: readonly (readonly [Name, () => Promise<void>])[];
  #reached = 0;

  /** @param steps what leads to each stage from the one before, in order */
  constructor(steps: Readonly<Record<Name, () => Promise<void>>>) {
    this.#steps = Object.entries(steps) as [Name, () => Promise<void>][];
  }

  /** Does what is left to do up to this stage; a step that fails is tried again by the next test. */
  async reach(stage: Name): Promise<void> {
    const wanted = this.#steps.findIndex(([name]) => name === stage) + 1;
    while (this.#reached < wanted) {
      await this.#steps[this.#reached]?.[1]();
      this.#reached += 1;
    }
  }
}
