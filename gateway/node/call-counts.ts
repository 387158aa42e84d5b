import { CALL_KINDS, type CallKind } from '../../domain/callers';
import { callKind } from '../../hydra/versions';
import { SIDES, type Side } from '../core/gateway-state';
import { pathOf } from '../core/path-of';

/** `abandoned`: no whole answer came, and Hydra may have done it all the same. */
const CALL_STATES = ['sent', 'answered', 'abandoned'] as const;
export type CallState = (typeof CALL_STATES)[number];

/** Every call to a side, with the second one of an introspection: what Hydra counts beyond it went past this gateway. */
export class CallCounts {
  private readonly counts = Object.fromEntries(SIDES.map((side) => [side, new Map<string, number>()])) as Record<
    Side,
    Map<string, number>
  >;

  /** Calls that have no whole answer yet, of every kind. */
  readonly underWay: Record<Side, number> = { blue: 0, green: 0 };

  /** @returns to be called once, when the call is over */
  begin(side: Side, method: string, target: string): (how: Exclude<CallState, 'sent'>) => void {
    const kind = kindOf(method, target);
    this.underWay[side] += 1;
    if (kind !== undefined) this.add(side, kind, 'sent');
    return (how) => {
      this.underWay[side] -= 1;
      if (kind !== undefined) this.add(side, kind, how);
    };
  }

  read(side: Side, kind: CallKind, state: CallState): number {
    return this.counts[side].get(`${kind} ${state}`) ?? 0;
  }

  private add(side: Side, kind: CallKind, state: CallState): void {
    const key = `${kind} ${state}`;
    this.counts[side].set(key, (this.counts[side].get(key) ?? 0) + 1);
  }
}

/** Those that there are, for whoever shows them. */
export const COUNTED_CALLS = SIDES.flatMap((side) =>
  CALL_KINDS.flatMap((kind) => CALL_STATES.map((state) => ({ side, kind, state }))),
);

function kindOf(method: string, target: string): CallKind | undefined {
  const path = pathOf(target);
  const kind = callKind(path);
  if (kind !== 'authorize') return kind;
  // What a form asks for is not looked at: it may be a token.
  const asked =
    method === 'GET' ? (new URLSearchParams(target.slice(path.length)).get('response_type') ?? '') : 'token';
  return asked.split(/\s+/).includes('token') ? 'implicit' : 'authorize';
}
