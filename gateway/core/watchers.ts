import { type Clock } from './clock';

/** Waits for something to become true: whoever may have changed it calls `wake`. */
export class Watchers {
  private readonly waiting = new Set<() => void>();

  constructor(private readonly clock: Clock) {}

  wake(): void {
    for (const watcher of [...this.waiting]) watcher();
  }

  /** Resolves when `isTrue`, or after `timeoutMs`. */
  until(isTrue: () => boolean, timeoutMs: number): Promise<void> {
    if (isTrue()) return Promise.resolve();
    return new Promise((resolve) => {
      const finish = () => {
        cancel();
        this.waiting.delete(watcher);
        resolve();
      };
      const watcher = () => {
        if (isTrue()) finish();
      };
      const cancel = this.clock.after(timeoutMs, finish);
      this.waiting.add(watcher);
    });
  }
}
