import { type ListenerName, type RewriteFeature } from './feature';
import { type Side } from './gateway-state';
import { type RequestHead } from './request-head';

export interface Rewritable {
  readonly listener: ListenerName;
  readonly side: Side;
  readonly head: RequestHead;
  /** The whole body; undefined when there is none, or it is too large to be read ahead. */
  readonly body: Uint8Array | undefined;
}

/** What the side gets: each feature sees what the one before it made. */
export function rewriteRequest(
  features: readonly RewriteFeature[],
  { listener, side, head, body }: Rewritable,
): Pick<Rewritable, 'head' | 'body'> {
  return features.reduce<Pick<Rewritable, 'head' | 'body'>>(
    (now, feature) => {
      const { method, target, headers } = now.head;
      if (!feature.rewrites(listener, method, target)) return now;
      const made = feature.onForward({ side, target, headers, body: now.body });
      if (made === undefined) return now;
      const changed = { ...now.head, target: made.target ?? target, headers: made.headers ?? headers };
      return { head: changed, body: made.body ?? now.body };
    },
    { head, body },
  );
}
