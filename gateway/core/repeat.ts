import { type RequestKind } from './hold-queue';

/** Methods that may be sent a second time without asking anybody (RFC 9110 section 9.2.1). */
const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/** A call that was lost before its answer began. */
export interface LostCall {
  readonly method: string;
  readonly kind: RequestKind;
  /** One that may not be here any more. */
  readonly hasBody: boolean;
  /** It went out on a connection that had been used before, which the side may have closed at that very moment. */
  readonly reused: boolean;
  readonly isRepeat: boolean;
}

/**
 * Whether it goes out once more, on a connection of its own. Anything else may have been executed, and only its client can know whether to
 * repeat it. A GET with a verifier may have been, too; but where it was not, which is nearly always, its user would see 502, and where it was,
 * Hydra says so to the second one, as it would to that user's own.
 */
export function mayRepeat({ method, kind, hasBody, reused, isRepeat }: LostCall): boolean {
  return !isRepeat && reused && !hasBody && (SAFE.has(method) || kind === 'read');
}
