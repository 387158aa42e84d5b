import { COMPATIBILITY_FEATURES } from '../../domain/sightings';
import { type CopyPath } from '../../hydra/paths';
import { HYDRA_VERSION_FACTS } from '../../hydra/versions';
import { pathOfRun } from '../support/of-side';
import { type SideName } from '../../domain/sides';
import { type Configured } from '../step';

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

interface Keys {
  readonly variable: string;
  /** Of the gateway's program, which makes them. */
  readonly verb: string;
  readonly consequence: string;
}

const keysOf = (from: SideName, { verb, variable, consequence }: Keys): LeftToGateways['keys'] => ({
  areForeign: `cannot open what ${from} makes at a login: ${variable} is not made of ${from}'s secrets, and ${consequence}`,
  areUntried: `has seen no login since it was given its keys, so that nobody knows whether ${variable} is made of ${from}'s secrets`,
  fix: `make ${variable} anew with \`hydra-gateway ${verb}\` of the secrets that ${from} has now`,
});

/** What users notice on some ways unless every gateway has a feature on, with the right keys. @param from whom the users know */
const featuresFor = (from: SideName): readonly LeftToGateways[] => [
  {
    feature: COMPATIBILITY_FEATURES.sessions,
    isNeeded: (path) => HYDRA_VERSION_FACTS[path.from].apiGeneration !== HYDRA_VERSION_FACTS[path.to].apiGeneration,
    withoutIt:
      'does not translate session cookies, which Hydra 2.x cannot read as 1.x wrote them: every user logs in once more',
    setting: 'sessionCookies.translate',
    keys: keysOf(from, {
      verb: 'cookie-keys',
      variable: 'GATEWAY_COOKIE_KEYS',
      consequence: 'every user would have to log in once more',
    }),
  },
  {
    feature: COMPATIBILITY_FEATURES.flows,
    isNeeded: ({ begunRequests }) => begunRequests.length === 0,
    withoutIt: `does not read logins that are under way, which ${from} keeps in the challenge alone: they end with an error`,
    setting: 'staleChallenges.readFlows',
    keys: keysOf(from, {
      verb: 'flow-keys',
      variable: 'GATEWAY_FLOW_KEYS',
      consequence: 'every login that is under way would end with an error',
    }),
  },
];

/** Of the way that the config names. */
export function leftToGateways(deps: Configured): readonly LeftToGateways[] {
  const path = pathOfRun(deps);
  return featuresFor(deps.direction.from).filter(({ isNeeded }) => isNeeded(path));
}
