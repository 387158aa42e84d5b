import { type KeyVerdict } from '../../domain/ports/targets';
import { type Clock } from './clock';
import { type Side } from './gateway-state';
import { challengeInLocation, type NamedChallenge } from './stale-challenge';

/** Whether a key of this gateway opens what the Hydra that serves has made with its own. */
export interface KeyTrial {
  /** The name of the feature that the key is for. */
  readonly feature: string;
  /** What is tried now; another value once they are others, for they are renewed while this gateway runs. */
  readonly keys: () => unknown;
  /** @returns undefined where nothing in the answer was made with such a key */
  readonly opens: (answerHeaders: readonly string[]) => boolean | undefined;
}

/** What there is to try. */
export interface OwnKeys {
  readonly trials: readonly KeyTrial[];
  /** Whether a cookie was made by the Hydra of a side, as far as these keys tell. Without it there are none for cookies. */
  readonly opensCookie?: (side: Side, name: string, value: string) => boolean;
}

interface Tried {
  readonly verdict: KeyVerdict;
  readonly at: number;
  readonly keys: unknown;
}

/** What a login costs must not grow by what nobody needs to know more often. */
const TRIED_EVERY_MS = 1_000;

/**
 * Tries the keys of this gateway on what blue makes at a login. That they are another Hydra's shows nowhere else until green serves: then
 * every user is logged out, or every login that is under way ends, and there is no way back.
 */
export class KeyTrials {
  private readonly known = new Map<string, Tried>();

  /** @param onForeign of a feature, each time that its keys cease to fit */
  constructor(
    private readonly own: OwnKeys,
    private readonly clock: Clock,
    private readonly onForeign: (feature: string) => void,
  ) {}

  get areWanted(): boolean {
    return this.own.trials.length > 0;
  }

  /** Blue has answered at its authorization endpoint. */
  look(answerHeaders: readonly string[]): void {
    const now = this.clock.now();
    for (const trial of this.own.trials) {
      const { feature, keys, opens } = trial;
      const before = this.triedNow(trial);
      if (before !== undefined && now - before.at < TRIED_EVERY_MS) continue;
      const isOpen = opens(answerHeaders);
      if (isOpen === undefined) continue;
      this.known.set(feature, { verdict: isOpen ? 'fit' : 'foreign', at: now, keys: keys() });
      if (!isOpen && before?.verdict !== 'foreign') this.onForeign(feature);
    }
  }

  /** Of a cookie that somebody else was given, by a side that may serve nobody yet. @returns null where there are no keys for cookies */
  opensCookie(side: Side, name: string, value: string): boolean | null {
    return this.own.opensCookie?.(side, name, value) ?? null;
  }

  /** By the latest answer that had something to try. */
  view(): Readonly<Record<string, KeyVerdict>> {
    return Object.fromEntries(
      this.own.trials.map((trial) => [trial.feature, this.triedNow(trial)?.verdict ?? 'unseen']),
    );
  }

  /** What was found of other keys says nothing of these. */
  private triedNow({ feature, keys }: KeyTrial): Tried | undefined {
    const tried = this.known.get(feature);
    return tried?.keys === keys() ? tried : undefined;
  }
}

/**
 * @param keys what is tried now
 * @param names how the names of cookies begin that are made with the key
 * @param opens whether the key opens the cookie of that name
 */
export function cookieTrial(
  feature: string,
  keys: () => unknown,
  names: readonly string[],
  opens: (name: string, value: string) => boolean,
): KeyTrial {
  return {
    feature,
    keys,
    opens: (answerHeaders) => {
      for (const cookie of valuesOf(answerHeaders, 'set-cookie')) {
        const [, name = '', value = ''] = /^([^=;\s]+)=([^;\s]+)/.exec(cookie) ?? [];
        if (value !== '' && names.some((begin) => name.startsWith(begin))) return opens(name, value);
      }
      return undefined;
    },
  };
}

/**
 * @param keys what is tried now
 * @param opens whether the key opens a challenge that holds what is under way
 */
export function challengeTrial(
  feature: string,
  keys: () => unknown,
  opens: (named: NamedChallenge) => boolean,
): KeyTrial {
  return {
    feature,
    keys,
    opens: (answerHeaders) => {
      const [location] = valuesOf(answerHeaders, 'location');
      const named = location === undefined ? undefined : challengeInLocation(location);
      return named && opens(named);
    },
  };
}

function valuesOf(headers: readonly string[], wanted: string): readonly string[] {
  return headers.filter((_, index) => index % 2 === 1 && headers[index - 1]?.toLowerCase() === wanted);
}
