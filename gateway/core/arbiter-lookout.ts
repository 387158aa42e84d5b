/** Whether an arbiter stands where doubts are settled. Changes nothing. Rejects when that cannot be told. */
export type FindArbiter = () => Promise<boolean>;

/**
 * Remembers, for the epoch that is being prepared, whether there is an arbiter. A database without one is taken for one that no cutover
 * has prepared, so `aborted`; a gateway that holds must therefore have seen it there, or a mistyped name would one day
 * answer for the database that was left.
 */
export class ArbiterLookout {
  private last: { readonly epoch: number; readonly isThere: boolean } | null = null;

  constructor(private readonly find: FindArbiter | undefined) {}

  /** Asks, unless it was seen for this epoch. Never rejects: who cannot be reached may be there, and his silence settles no doubt. */
  async look(epoch: number): Promise<void> {
    if (this.find === undefined || (this.last?.epoch === epoch && this.last.isThere)) return;
    const isThere = await this.find().catch(() => true);
    this.last = { epoch, isThere };
  }

  isMissing(epoch: number): boolean {
    return this.last?.epoch === epoch && !this.last.isThere;
  }
}
