/** Time as the core sees it. `now` is monotonic, in milliseconds; `after` never keeps a process alive. */
export interface Clock {
  now(): number;
  /** @returns a function that cancels it */
  after(delayMs: number, run: () => void): () => void;
  /** Lets other work of this runtime go first. */
  soon(run: () => void): void;
}
