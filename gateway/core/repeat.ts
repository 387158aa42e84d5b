import { type RequestKind } from './hold-queue';

/** A call that was lost before its answer began. */
export interface LostCall {
  readonly kind: RequestKind;
  /** One that may not be here any more. */
  readonly hasBody: boolean;
  /** It went out on a connection that had been used before, which the side may have closed at that very moment. */
  readonly reused: boolean;
  readonly isRepeat: boolean;
}

/**
 * Whether it goes out once more, on a connection of its own. A write may have been executed, whatever its method: a GET that carries a
 * verifier uses it up. Only its client can know whether to repeat it.
 */
export function mayRepeat({ kind, hasBody, reused, isRepeat }: LostCall): boolean {
  return !isRepeat && reused && kind === 'read' && !hasBody;
}
