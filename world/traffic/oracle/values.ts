import { type FindingName, VALUE_KINDS, type ValueKind } from './fact-kinds';

/**
 * Values that must never change once a client has seen them: `sub` of a user at a client, `iss`, the bytes of a signing
 * key. The first value seen is the promise.
 */
export class SeenValues {
  private readonly seen = new Map<string, string>();

  /** @returns the finding when `value` differs from the one seen first, else undefined */
  check(kind: ValueKind, of: string, value: string): FindingName | undefined {
    const key = `${kind} ${of}`;
    const before = this.seen.get(key);
    if (before === undefined) {
      this.seen.set(key, value);
      return undefined;
    }
    return before === value ? undefined : VALUE_KINDS[kind];
  }

  /** @returns what was seen of this kind, by its owner */
  entries(kind: ValueKind): readonly (readonly [of: string, value: string])[] {
    const prefix = `${kind} `;
    return [...this.seen].flatMap(([key, value]) =>
      key.startsWith(prefix) ? [[key.slice(prefix.length), value] as const] : [],
    );
  }
}
