import { stepProgress } from '../../domain/step-progress';

/** What `status --watch` makes of each heartbeat of a step that has run for a minute. */
export function percentsOf(beats: readonly unknown[]): readonly number[] {
  const known = { elapsedMs: 60_000, predictedMs: null };
  return beats.flatMap((said) => stepProgress(said, known).percent ?? []);
}
