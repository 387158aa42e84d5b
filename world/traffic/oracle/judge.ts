import { type Observation } from './events';
import { type Fact } from './fact';
import { FACT_KINDS, type FindingClass, type FindingName } from './fact-kinds';

export interface JudgeSettings {
  /** A request whose answer was lost may still be at work on the server for this long. */
  readonly settleMs: number;
  /** Around an expiry both answers are right. */
  readonly clockSkewMs: number;
}

export type Judgement =
  | { readonly outcome: 'confirmed' }
  /** An unknown fact that this observation settles: pin it. */
  | { readonly outcome: 'pinned' }
  /** Too early or too close to an expiry to say anything. */
  | { readonly outcome: 'undecided' }
  | { readonly outcome: 'finding'; readonly name: FindingName; readonly class: FindingClass };

/** Compares what was promised with what the server says. Pure. */
export function judge(fact: Fact, observation: Observation, settings: JudgeSettings): Judgement {
  const { present, atMs } = observation;
  if (fact.expected === 'unknown') {
    return { outcome: atMs - fact.sinceMs >= settings.settleMs ? 'pinned' : 'undecided' };
  }
  if (fact.expected === 'present' && fact.expiresAtMs !== undefined) {
    const leftMs = fact.expiresAtMs - atMs;
    if (Math.abs(leftMs) <= settings.clockSkewMs) return { outcome: 'undecided' };
    if (leftMs < 0) {
      return present
        ? { outcome: 'finding', name: 'expired_token_active', class: 'revokedButActive' }
        : { outcome: 'confirmed' };
    }
  }
  if (present === (fact.expected === 'present')) return { outcome: 'confirmed' };
  if (fact.pinned) return { outcome: 'finding', name: 'unknown_not_stable', class: 'unstable' };
  return present
    ? { outcome: 'finding', name: FACT_KINDS[fact.kind].revived, class: 'revokedButActive' }
    : { outcome: 'finding', name: FACT_KINDS[fact.kind].lost, class: 'confirmedButLost' };
}
