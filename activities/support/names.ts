/** @returns the snapshot's name: deterministic, so that a repeat finds what the first try made */
export function snapshotIdOf(cutoverId: string): string {
  return `hydra-cutover-${cutoverId}`;
}
