/** Methods that may be sent a second time without asking anybody (RFC 9110 section 9.2.1). */
const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/** A call that was lost before its answer began. */
export interface LostCall {
  readonly method: string;
  readonly hasBody: boolean;
  /** It went out on a connection that had been used before, which the side may have closed at that very moment. */
  readonly reused: boolean;
  readonly isRepeat: boolean;
}

/**
 * Whether it goes out once more, on a connection of its own. Any but a safe request may have been executed, and only its client can know
 * whether to repeat it.
 */
export function mayRepeat({ method, hasBody, reused, isRepeat }: LostCall): boolean {
  return !isRepeat && reused && SAFE.has(method) && !hasBody;
}
