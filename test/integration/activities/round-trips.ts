/** Counts what has to follow each other: calls that are under way together are one round trip, whatever time they take. */
export class RoundTrips {
  readonly calls: { readonly what: string; readonly from: number; to: number }[] = [];
  private clock = 0;

  async during<T>(what: string, call: () => Promise<T>): Promise<T> {
    const end = this.begin(what);
    try {
      return await call();
    } finally {
      end();
    }
  }

  /** @returns ends the call */
  begin(what: string): () => void {
    const entry = { what, from: (this.clock += 1), to: Infinity };
    this.calls.push(entry);
    return () => void (entry.to = this.clock += 1);
  }

  /** The longest row of calls of which each began after the one before it had ended. */
  get inARow(): readonly string[] {
    const row: string[] = [];
    let over = 0;
    for (const { what, from, to } of [...this.calls].sort((one, other) => one.to - other.to)) {
      if (from < over) continue;
      row.push(what);
      over = to;
    }
    return row;
  }
}
