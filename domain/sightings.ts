import { type NoticedCalls } from './notice';

/**
 * What a request to blue can show of which green would answer otherwise.
 *
 * Source: both Hydras, asked the same (test/integration/gateway/both-hydras.test.ts), and the differences between ory/fosite v0.42.3 and
 * v0.49.0.
 */
export const SIGHTING_KINDS = [
  'long_client_secret',
  'long_new_secret',
  'no_redirect_uri',
  'paging',
  'removed_endpoint',
  'new_key',
  'cors_preflight',
  'dead_refresh_token',
  'bearer_assertion',
  'unnamed_client',
] as const;
export type SightingKind = (typeof SIGHTING_KINDS)[number];

/** Never with contents: no secret, no token, no subject. */
export interface Sighting {
  readonly kind: SightingKind;
  /** A client id, the address of a caller, or an origin. */
  readonly who: string;
  /** Method and path without its query. */
  readonly what: string;
  readonly count: number;
  /** ISO 8601. */
  readonly firstAt: string;
  readonly lastAt: string;
}

/** All that one gateway keeps. */
export interface Sightings {
  /** When it began to look. */
  readonly since: string;
  readonly sightings: readonly Sighting[];
  /** How often something was seen of somebody whom there was no room for. */
  readonly beyond: Readonly<Record<SightingKind, number>>;
}

/** Features of the gateway that make a difference harmless, by their names in its config and state. */
export const COMPATIBILITY_FEATURES = {
  cutSecrets: 'client-secrets',
  paging: 'paging',
  sessions: 'session-cookies',
  flows: 'flows-in-challenges',
} as const;

/** So many names stand in one line for people. */
const NAMES_MAX = 20;

interface Words {
  /** Of whom, one and several. */
  readonly who: readonly [one: string, several: string];
  readonly consequence: (version: string) => string;
  /** What makes it harmless, or what to do. */
  readonly cure: string;
  /** What we ask of them. */
  readonly ask: string;
  readonly feature?: string;
  readonly withFeature?: string;
}

const WORDS: Readonly<Record<SightingKind, Words>> = {
  long_client_secret: {
    who: ['client', 'clients'],
    consequence: (version) =>
      `would be refused by ${version} with invalid_client, because the client secret is longer than the 72 bytes that bcrypt looks at`,
    cure: 'give them shorter secrets, or set clientSecrets.cutAt72Bytes in the config of every gateway',
    ask: 'set yourself a client secret of at most 72 bytes',
    feature: COMPATIBILITY_FEATURES.cutSecrets,
    withFeature: 'the gateways cut the secret on its way to green, as bcrypt did on blue',
  },
  long_new_secret: {
    who: ['caller', 'callers'],
    consequence: (version) =>
      `made or changed clients with a secret of more than 72 bytes, which ${version} refuses with an error of the server`,
    cure: 'let them use shorter secrets',
    ask: 'give new clients secrets of at most 72 bytes',
  },
  no_redirect_uri: {
    who: ['client', 'clients'],
    consequence: (version) =>
      `would be refused by ${version} with invalid_request, because an OpenID request without redirect_uri is none there`,
    cure: 'let them name their redirect_uri, which blue takes as well',
    ask: 'name your redirect_uri in each request to /oauth2/auth; the version of today takes it as well',
  },
  paging: {
    who: ['caller', 'callers'],
    consequence: (version) =>
      `would get the same first page for ever, because ${version} does not look at limit and offset`,
    cure: 'let them page by page_size and page_token, or set paging.translate in the config of every gateway',
    ask: 'page by page_size and page_token, as the header Link of each answer says',
    feature: COMPATIBILITY_FEATURES.paging,
    withFeature: 'the gateways translate limit and offset for green',
  },
  removed_endpoint: {
    who: ['caller', 'callers'],
    consequence: (version) => `would get 404, because ${version} does not have the endpoint`,
    cure: 'stop these calls; `hydra janitor` does what POST /oauth2/flush did',
    ask: 'stop these calls',
  },
  new_key: {
    who: ['caller', 'callers'],
    consequence: (version) =>
      `made keys; ${version} names a new pair by the id that was asked for, without private: and public:, and refuses HS256 and HS512`,
    cure: 'let them read the ids out of the answer, and ask for RS256 or ES512',
    ask: 'read the ids of keys out of the answer that made them, and ask for RS256 or ES512',
  },
  cors_preflight: {
    who: ['browser origin', 'browser origins'],
    consequence: (version) =>
      `sent preflights, which ${version} refuses to an origin that only a client allows and the global list does not`,
    cure: 'compare them with serve.public.cors.allowed_origins of green',
    ask: 'tell us if browsers of your application call Hydra themselves',
  },
  dead_refresh_token: {
    who: ['client', 'clients'],
    consequence: (version) =>
      `sent refresh tokens that are over; ${version} answers 400 invalid_grant to them, where it was 401 token_inactive`,
    cure: 'let them begin a new login for invalid_grant as well',
    ask: 'begin a new login where a refresh is answered with invalid_grant, as well as with token_inactive',
  },
  bearer_assertion: {
    who: ['client', 'clients'],
    consequence: (version) =>
      `got tokens for assertions of others; ${version} answers as blue to those whose issuer, subject and key id belong to one trust, and refuses the others, which blue did not look at so closely: the gateway cannot tell them apart`,
    cure: 'compare iss, sub and kid of their assertions with GET /trust/grants/jwt-bearer/issuers',
    ask: 'tell us the iss, sub and kid of the assertions that you send',
  },
  unnamed_client: {
    who: ['caller', 'callers'],
    consequence: (version) =>
      `made clients without an id; ${version} answers with a registration_client_uri that lacks the id`,
    cure: 'let them put client_id at the end of registration_client_uri, or make clients with ids of their own',
    ask: 'do not go by registration_client_uri: put the client_id of the answer behind /oauth2/register/',
  },
};

/** Adds up what several gateways saw of the same. */
export function mergeSightings(lists: readonly (readonly Sighting[])[]): readonly Sighting[] {
  const merged = new Map<string, Sighting>();
  for (const each of lists.flat()) {
    const key = JSON.stringify([each.kind, each.who, each.what]);
    const known = merged.get(key);
    merged.set(
      key,
      known === undefined
        ? each
        : {
            ...each,
            count: known.count + each.count,
            firstAt: known.firstAt < each.firstAt ? known.firstAt : each.firstAt,
            lastAt: known.lastAt > each.lastAt ? known.lastAt : each.lastAt,
          },
    );
  }
  return [...merged.values()];
}

/** So many are kept of one kind; the gateways have the rest. */
const KEPT_MAX = 200;

/**
 * What was seen, one entry for each kind.
 *
 * @param features those that every gateway has on
 */
export function noticedCalls(sightings: readonly Sighting[], features: ReadonlySet<string>): readonly NoticedCalls[] {
  return SIGHTING_KINDS.flatMap((kind): NoticedCalls[] => {
    const seen = sightings.filter((each) => each.kind === kind);
    const lastAt = seen
      .map((each) => each.lastAt)
      .sort()
      .at(-1);
    if (lastAt === undefined) return [];
    const who = [...new Set(seen.map((each) => each.who))].sort();
    const { feature } = WORDS[kind];
    return [
      {
        kind,
        who: who.slice(0, KEPT_MAX),
        more: Math.max(0, who.length - KEPT_MAX),
        what: [...new Set(seen.map(({ what }) => what))].sort(),
        count: seen.reduce((sum, each) => sum + each.count, 0),
        lastAt,
        isCured: feature !== undefined && features.has(feature),
      },
    ];
  });
}

/** What such calls meet, and what makes it harmless or makes it so already. */
export function callWords(
  { kind, who, more, isCured }: Pick<NoticedCalls, 'kind' | 'who' | 'more' | 'isCured'>,
  version: string,
): { readonly whose: string; readonly consequence: string; readonly cure: string; readonly ask: string } {
  const words = WORDS[kind];
  return {
    whose: words.who[who.length + more === 1 ? 0 : 1],
    consequence: words.consequence(version),
    cure: (isCured ? words.withFeature : undefined) ?? words.cure,
    ask: words.ask,
  };
}

/**
 * A sentence for each kind that was seen.
 *
 * @param features those that every gateway has on
 */
export function sightingLines(
  sightings: readonly Sighting[],
  version: string,
  features: ReadonlySet<string>,
): readonly string[] {
  return noticedCalls(sightings, features).map((calls) => {
    const { whose, consequence, cure } = callWords(calls, version);
    const { who, more, what, count, lastAt } = calls;
    return `${who.length + more} ${whose} ${consequence}: ${someOf(who, more)} (${what.join(', ')}; ${count} times, last at ${lastAt}); ${cure}`;
  });
}

/** @param more how many there are besides those */
export function someOf(names: readonly string[], more = 0): string {
  const shown = names.slice(0, NAMES_MAX).join(', ');
  const left = names.length - Math.min(names.length, NAMES_MAX) + more;
  return left === 0 ? shown : `${shown} and ${left} more`;
}
