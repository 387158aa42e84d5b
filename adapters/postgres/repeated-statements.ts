const TEXTS_MAX = 500;

/**
 * Gives names to statements that one session is asked again, under which the server keeps them. What is asked once, because a cursor's
 * name is in it say, gets none.
 */
export class RepeatedStatements {
  readonly #names = new Map<string, string>();
  readonly #askedOnce = new Set<string>();

  /** @returns undefined the first time, and when the server keeps enough for this session */
  nameOf(text: string): string | undefined {
    const known = this.#names.get(text);
    if (known !== undefined || this.#names.size >= TEXTS_MAX) return known;
    if (!this.#askedOnce.delete(text)) {
      if (this.#askedOnce.size >= TEXTS_MAX) this.#askedOnce.clear();
      this.#askedOnce.add(text);
      return undefined;
    }
    const name = `hydra_cutover_${this.#names.size}`;
    this.#names.set(text, name);
    return name;
  }
}
