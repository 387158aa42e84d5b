import { COMPATIBILITY_FEATURES } from '../../domain/sightings';
import { type CutoverSettings } from '../../domain/settings';
import { type CopyPath, copyPathOf } from '../../hydra/paths';
import { HYDRA_VERSION_FACTS } from '../../hydra/versions';

interface LeftToGateways {
  /** The gateway's name for it. */
  readonly feature: string;
  readonly isNeeded: (path: CopyPath) => boolean;
  /** What is told of a gateway that has it off. */
  readonly withoutIt: string;
  readonly setting: string;
  /** What is told of the keys that it needs. */
  readonly keys: Record<'areForeign' | 'areUntried' | 'fix', string>;
}

const keysOf = (verb: string, variable: string, consequence: string): LeftToGateways['keys'] => ({
  areForeign: `cannot open what blue makes at a login: ${variable} is not made of blue's secrets, and ${consequence}`,
  areUntried: `has seen no login since it was given its keys, so that nobody knows whether ${variable} is made of blue's secrets`,
  fix: `make ${variable} anew with \`hydra-gateway ${verb}\` of the secrets that blue has now`,
});

/** What users notice on some ways unless every gateway has a feature on, with the right keys. */
const LEFT_TO_GATEWAYS: readonly LeftToGateways[] = [
  {
    feature: COMPATIBILITY_FEATURES.sessions,
    isNeeded: ({ from, to }) => HYDRA_VERSION_FACTS[from].apiGeneration !== HYDRA_VERSION_FACTS[to].apiGeneration,
    withoutIt:
      'does not translate session cookies, which Hydra 2.x cannot read as 1.x wrote them: every user logs in once more',
    setting: 'sessionCookies.translate',
    keys: keysOf('cookie-keys', 'GATEWAY_COOKIE_KEYS', 'every user would have to log in once more'),
  },
  {
    feature: COMPATIBILITY_FEATURES.flows,
    isNeeded: ({ begunRequests }) => begunRequests.length === 0,
    withoutIt:
      'does not read logins that are under way, which blue keeps in the challenge alone: they end with an error',
    setting: 'staleChallenges.readFlows',
    keys: keysOf('flow-keys', 'GATEWAY_FLOW_KEYS', 'every login that is under way would end with an error'),
  },
];

/** Of the way that the config names. */
export function leftToGateways({ hydraVersion }: Pick<CutoverSettings, 'hydraVersion'>): readonly LeftToGateways[] {
  const path = copyPathOf(hydraVersion);
  return LEFT_TO_GATEWAYS.filter(({ isNeeded }) => isNeeded(path));
}
