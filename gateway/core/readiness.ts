/**
 * Whether a side's database is there, as its `/health/ready` says: polled in the background, and asked afresh on demand.
 */
export class Readiness {
  private known = false;
  private running: Promise<boolean> | undefined;
  private next: Promise<boolean> | undefined;

  /** @param probe one question to the side; false when it does not answer in time; never rejects */
  constructor(
    private readonly probe: () => Promise<boolean>,
    private readonly onChange: (ready: boolean) => void = () => undefined,
  ) {}

  /** The last answer; false before the first. */
  get isReady(): boolean {
    return this.known;
  }

  /** An answer to a question that was asked after this call. Callers that wait at the same time share it. */
  check(): Promise<boolean> {
    if (this.running === undefined) return this.start();
    this.next ??= this.running.then(() => this.start());
    return this.next;
  }

  /** Something went wrong with the side: until the next answer it counts as not ready. */
  doubt(): void {
    this.set(false);
    void this.check();
  }

  private start(): Promise<boolean> {
    this.next = undefined;
    const running = this.probe().then((ready) => {
      this.running = undefined;
      this.set(ready);
      return ready;
    });
    this.running = running;
    return running;
  }

  private set(ready: boolean): void {
    if (this.known === ready) return;
    this.known = ready;
    this.onChange(ready);
  }
}
