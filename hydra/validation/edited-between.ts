type Client = Readonly<Record<string, unknown>>;

/** @returns whether somebody edited the client between the two answers */
export function editedBetween(blue: Client, green: Client): boolean {
  return instant(blue['updated_at']) !== instant(green['updated_at']);
}

function instant(value: unknown): number {
  return typeof value === 'string' ? Math.floor(Date.parse(value) / 1_000) : 0;
}
