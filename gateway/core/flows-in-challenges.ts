import { COMPATIBILITY_FEATURES } from '../../domain/sightings';
import { type Feature, type FeatureAnswer, type FeatureRequest, type ListenerName } from './feature';
import { answerToStale, asLocation, mayNameChallenge, namedChallenge, type NamedChallenge } from './stale-challenge';

export interface FlowsInChallengesOptions {
  /** @returns where the login began that this challenge holds, if the version made it that the upgrade leaves */
  readonly beganAt: (named: NamedChallenge) => string | undefined;
  readonly onAnswer: (listener: ListenerName) => void;
}

/**
 * Logins and consents that were begun on a 2.2.0, which keeps them in the challenge alone. 2.3.0 can decrypt them and reads other field
 * names: it knows no such login, and sends the browser to its client with an error. The gateway reads them, and lets the browser begin anew
 * where it first began. It keeps nothing, so that any gateway may answer at any time.
 */
export class FlowsInChallenges implements Feature {
  readonly name = COMPATIBILITY_FEATURES.flows;

  constructor(private readonly options: FlowsInChallengesOptions) {}

  concerns(listener: ListenerName, _method: string, target: string): boolean {
    return mayNameChallenge(listener, target);
  }

  onRequest({ listener, side, method, target }: FeatureRequest): Promise<FeatureAnswer | 'pass'> {
    return Promise.resolve(side === 'green' ? this.answer(listener, method, target) : 'pass');
  }

  private answer(listener: ListenerName, method: string, target: string): FeatureAnswer | 'pass' {
    const named = namedChallenge(listener, method, target);
    const url = named && this.options.beganAt(named);
    if (url === undefined || asLocation(url) === undefined) return 'pass';
    this.options.onAnswer(listener);
    return answerToStale(listener, url);
  }
}
