/**
 * Whether the arbiter where doubts are settled prepares exactly this epoch. An attempt begins before anything is staged for it, so a
 * database without an arbiter, or with that of an earlier cutover, does not. Changes nothing. Rejects when that cannot be told.
 */
export type FindAttempt = (epoch: number) => Promise<boolean>;

/**
 * Remembers, for the epoch that is being prepared, whether the arbiter knows it. One that does not would say `aborted` one day, whatever
 * became of the epoch elsewhere: a gateway holds only for what it saw prepared where it will ask.
 */
export class ArbiterLookout {
  private last: { readonly epoch: number; readonly isPrepared: boolean } | null = null;

  constructor(private readonly find: FindAttempt | undefined) {}

  /** Asks, unless it was seen for this epoch. Never rejects: who cannot be reached may prepare it, and silence settles no doubt. */
  async look(epoch: number): Promise<void> {
    if (this.find === undefined || (this.last?.epoch === epoch && this.last.isPrepared)) return;
    const isPrepared = await this.find(epoch).catch(() => true);
    this.last = { epoch, isPrepared };
  }

  isMissing(epoch: number): boolean {
    return this.last?.epoch === epoch && !this.last.isPrepared;
  }
}
