import { CutoverFault } from '../../domain/faults';
import { differingPaths } from '../../domain/differing-paths';
import { type SideName } from '../../domain/sides';
import { sameJson } from '../../domain/json';

export interface KeptState {
  /** Of the target. */
  readonly name: string;
  readonly epoch: number;
  readonly side: SideName;
  readonly sent: unknown;
  /** What the system says it would use. */
  readonly kept: unknown;
}

/**
 * A system that changes what it is sent, if only its spelling, would be applied after the commit and then never be seen to serve
 * green: so it is refused while blue still serves.
 *
 * @throws CutoverFault TARGET_REFUSED with the fields that differ, never their values
 */
export function assertKept({ name, epoch, side, sent, kept }: KeptState): void {
  if (sameJson(sent, kept)) return;
  const fields = differingPaths(sent, kept);
  throw new CutoverFault(
    'TARGET_REFUSED',
    `${name} keeps another state for epoch ${epoch} than it was sent, it differs in ${fields.join(', ')} (values not shown); ` +
      `spell the state of ${side} in \`states\` as the system keeps it, or make the system keep it unchanged`,
    { name, epoch, fields },
  );
}
