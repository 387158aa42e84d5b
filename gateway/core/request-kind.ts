import { type ApiGeneration, HYDRA_VERSION_FACTS, readsOf } from '../../hydra/versions';
import { type ListenerName } from './feature';
import { type Side } from './gateway-state';
import { type RequestKind } from './hold-queue';
import { pathOf } from './path-of';
import { targetAt } from './target-at';

export type KindOf = (listener: ListenerName, method: string, target: string) => RequestKind;

/** A read is what is one in every version that the sides may be: of a side only the generation is known here. */
export function kindOfRequest(generations: Readonly<Record<Side, ApiGeneration>>): KindOf {
  const known = Object.values(HYDRA_VERSION_FACTS).filter(({ apiGeneration }) =>
    Object.values(generations).includes(apiGeneration),
  );
  const isRead = readsOf(known.map(({ reads }) => reads));
  return (listener, method, target) =>
    isRead(listener, method, pathOf(targetAt(1, listener, target))) ? 'read' : 'write';
}
