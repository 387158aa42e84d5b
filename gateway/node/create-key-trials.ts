import { COMPATIBILITY_FEATURES } from '../../domain/sightings';
import { HYDRA_VERSION_FACTS } from '../../hydra/versions';
import { challengeTrial, cookieTrial, type KeyTrial } from '../core/key-trials';
import { type LoadedConfig } from './config';
import { requestUrlOfFlow } from './read-flow';
import { opensCookie } from './translate-cookie';

/** What keys there are to try on what blue makes, as the config says. */
export function createKeyTrials(loaded: LoadedConfig): readonly KeyTrial[] {
  const { sessionCookies, sides } = loaded.config;
  const { apiGeneration } = sides.blue;
  const { cookieSecrets, flowKeys } = loaded;
  // The names of 1.x, which a 2.x has to be given so that browsers stay logged in.
  const { login_csrf: login, consent_csrf: consent } = HYDRA_VERSION_FACTS['1.11.10'].cookies.names;
  const names = [sessionCookies.cookieName, login, consent];
  return [
    ...(cookieSecrets === undefined
      ? []
      : [
          cookieTrial(COMPATIBILITY_FEATURES.sessions, names, (name, value) =>
            opensCookie(loaded.cookieSecrets ?? cookieSecrets, apiGeneration, name, value),
          ),
        ]),
    // A 1.x keeps in its database what is under way.
    ...(flowKeys === undefined || apiGeneration === 1
      ? []
      : [
          challengeTrial(
            COMPATIBILITY_FEATURES.flows,
            (named) => requestUrlOfFlow(loaded.flowKeys ?? flowKeys, named) !== undefined,
          ),
        ]),
  ];
}
