type Client = Readonly<Record<string, unknown>>;

/** @returns whether somebody edited the client between the two answers */
export function editedBetween(from: Client, to: Client): boolean {
  return instant(from['updated_at']) !== instant(to['updated_at']);
}

function instant(value: unknown): number {
  return typeof value === 'string' ? Math.floor(Date.parse(value) / 1_000) : 0;
}
