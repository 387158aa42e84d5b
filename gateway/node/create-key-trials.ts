import { COMPATIBILITY_FEATURES } from '../../domain/sightings';
import { HYDRA_VERSION_FACTS } from '../../hydra/versions';
import { challengeTrial, cookieTrial, type OwnKeys } from '../core/key-trials';
import { type Side } from '../core/gateway-state';
import { type NamedChallenge } from '../core/stale-challenge';
import { type LoadedConfig } from './config';
import { requestUrlOfFlow } from './read-flow';
import { opensCookie } from './translate-cookie';

/** What keys there are to try, as the config says. */
export function createKeyTrials(loaded: LoadedConfig): OwnKeys {
  const { cookieSecrets, flowKeys } = loaded;
  const trials = [];
  // A 1.x keeps in its database what is under way.
  if (flowKeys !== undefined && loaded.config.sides.blue.apiGeneration !== 1) {
    const opens = (named: NamedChallenge) => requestUrlOfFlow(loaded.flowKeys ?? flowKeys, named) !== undefined;
    trials.push(challengeTrial(COMPATIBILITY_FEATURES.flows, () => loaded.flowKeys, opens));
  }
  if (cookieSecrets === undefined) return { trials };
  const { sessionCookies, sides } = loaded.config;
  // The names of 1.x, which a 2.x has to be given so that browsers stay logged in.
  const { login_csrf: login, consent_csrf: consent } = HYDRA_VERSION_FACTS['1.11.10'].cookies.names;
  const names = [sessionCookies.cookieName, login, consent];
  const opens = (side: Side, name: string, value: string) =>
    opensCookie(loaded.cookieSecrets ?? cookieSecrets, sides[side].apiGeneration, name, value);
  const ofBlue = cookieTrial(
    COMPATIBILITY_FEATURES.sessions,
    () => loaded.cookieSecrets,
    names,
    (name, value) => opens('blue', name, value),
  );
  return { trials: [...trials, ofBlue], opensCookie: opens };
}
