import { adminPath, type ApiGeneration } from '../../hydra/versions';
import { type ListenerName } from './feature';

/** Path and query of a request as a Hydra of that generation knows them, whichever form the caller used. */
export function targetAt(generation: ApiGeneration, listener: ListenerName, target: string): string {
  return listener === 'admin' ? adminPath(target, generation) : target;
}
