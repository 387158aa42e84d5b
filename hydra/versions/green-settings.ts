import { COOKIE_KINDS, type LaunchFacts } from './facts';

/** A setting of green's Hydra without which it is another Hydra to browsers, clients or the way back. */
export interface GreenSetting {
  /** As Hydra's config file names it. */
  readonly key: string;
  /** `as on blue`: whatever blue has. */
  readonly value: string;
  readonly why: string;
}

const AS_ON_BLUE = 'as on blue';

/** What must be the same on both sides whatever the versions are. */
const SHARED: readonly GreenSetting[] = [
  {
    key: 'secrets.system',
    value: AS_ON_BLUE,
    why: 'tokens and stored sessions of blue are nothing to green without each of them',
  },
  { key: 'secrets.cookie', value: AS_ON_BLUE, why: 'browsers are logged out otherwise' },
  { key: 'strategies.access_token', value: AS_ON_BLUE, why: 'verifiers expect tokens of that kind' },
  {
    key: 'oidc.subject_identifiers.*',
    value: AS_ON_BLUE,
    why: 'with another salt users of pairwise clients become others',
  },
  {
    key: 'dsn',
    value:
      'with a `max_conns` above `hold.releaseAtOnce` of all gateways together, and a `max_idle_conns` not far below it',
    why: 'a token request holds a connection and takes a second one for its keys: as many at once as there are connections wait for each other for good; connections that are not kept while idle are made anew for each burst of requests, and lost between the warm-up before the hold and the flip',
  },
  {
    key: 'ttl.*',
    value: AS_ON_BLUE,
    why: 'how long logins, codes, tokens and sessions live is read from the config of each',
  },
];

/** @returns what a Hydra of version `green` must be started with to take over from one of version `blue` */
export function greenSettings(blue: LaunchFacts, green: LaunchFacts): readonly GreenSetting[] {
  return [
    ...cookieNames(blue, green),
    ...secretHasher(blue, green),
    issuer(blue, green),
    ...cors(blue, green),
    ...SHARED,
  ];
}

/** The name of a setting as a variable of Hydra's environment. */
export function environmentName(key: string): string {
  return key.replace(/\*$/, '…').toUpperCase().replaceAll('.', '_');
}

/** @returns those settings that have a value of their own, by their names in the environment */
export function greenEnvironment(blue: LaunchFacts, green: LaunchFacts): Record<string, string> {
  const own = [...cookieNames(blue, green), ...secretHasher(blue, green)].filter(({ value }) => value !== AS_ON_BLUE);
  return Object.fromEntries(own.map(({ key, value }) => [environmentName(key), value]));
}

function cookieNames(blue: LaunchFacts, green: LaunchFacts): readonly GreenSetting[] {
  if (!green.cookies.renamable) return [];
  return COOKIE_KINDS.map((kind) => ({
    key: `serve.cookies.names.${kind}`,
    value: blue.cookies.renamable ? AS_ON_BLUE : blue.cookies.names[kind],
    why:
      kind === 'session'
        ? 'browsers keep their session; with another name everybody logs in again'
        : 'a login that is under way is not refused for its cookie',
  }));
}

function secretHasher(blue: LaunchFacts, green: LaunchFacts): readonly GreenSetting[] {
  if (blue.secretHashers.verifies.includes(green.secretHashers.default)) return [];
  const [common] = green.secretHashers.verifies.filter((hasher) => blue.secretHashers.verifies.includes(hasher));
  if (common === undefined) return [];
  const why = `blue verifies the secrets of clients that are made on green; it does not know ${green.secretHashers.default}`;
  return [{ key: 'oauth2.hashers.algorithm', value: common, why }];
}

function issuer(blue: LaunchFacts, green: LaunchFacts): GreenSetting {
  const adds = blue.issuer === 'with slash' && green.issuer === 'verbatim';
  return {
    key: 'urls.self.issuer',
    value: adds ? `${AS_ON_BLUE}, with a slash at its end` : AS_ON_BLUE,
    why: adds ? 'blue adds the slash to `iss`, green takes the setting as it stands' : '`iss` of tokens stays the same',
  };
}

/** Seen on the real binaries: 1.11.10 answers every preflight, 2.3.0 only for origins of its own config. */
function cors(blue: LaunchFacts, green: LaunchFacts): readonly GreenSetting[] {
  const narrows = blue.apiGeneration < green.apiGeneration;
  const why = narrows
    ? 'green answers no preflight for the `allowed_cors_origins` of a client: name those origins here too'
    : 'browser clients are refused otherwise';
  return [
    { key: 'serve.public.cors.*', value: narrows ? `${AS_ON_BLUE}, and every origin of a client` : AS_ON_BLUE, why },
    {
      key: 'serve.admin.cors.*',
      value: AS_ON_BLUE,
      why: 'browser applications at the admin API are refused otherwise',
    },
  ];
}
