export interface Check {
  readonly claim: string;
  readonly held: boolean;
  readonly observed: string;
}

/** Collects what a demo did and found, and says it to a person. */
export class Report {
  readonly #write: (text: string) => void;
  readonly #checks: Check[] = [];

  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  /** Runs one step and takes its time; a step that fails is said and thrown on. */
  async step<T>(title: string, work: () => Promise<T>): Promise<T> {
    this.#write(`> ${title}\n`);
    const startedAt = performance.now();
    try {
      const result = await work();
      this.#write(`  ${seconds(performance.now() - startedAt)}\n`);
      return result;
    } catch (error) {
      this.#write(`  failed after ${seconds(performance.now() - startedAt)}\n`);
      throw error;
    }
  }

  note(text: string): void {
    this.#write(`  ${text.trimEnd()}\n`);
  }

  /** @param observed what was seen, with counts, whether it held or not */
  check(claim: string, held: boolean, observed: string): void {
    this.#checks.push({ claim, held, observed });
    this.#write(`  ${held ? 'ok  ' : 'FAIL'}  ${claim}: ${observed}\n`);
  }

  /** False too when nothing was checked. */
  get allHeld(): boolean {
    return this.#checks.length > 0 && this.#checks.every((check) => check.held);
  }

  get checks(): readonly Check[] {
    return this.#checks;
  }
}

function seconds(durationMs: number): string {
  return `${(durationMs / 1_000).toFixed(1)} s`;
}
