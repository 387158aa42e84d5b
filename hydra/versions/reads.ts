/** The two listeners of Hydra. */
export type HydraListener = 'public' | 'admin';

/** `METHOD /path`, admin paths without a prefix; `:name` stands for one segment. A HEAD goes with its GET. */
type HydraRead = `${'GET' | 'POST'} /${string}`;

/**
 * The requests that change nothing in Hydra's database; everything else is a write. While writes move, these wait for nobody. One that is
 * missing waits with the writes; one that does not belong here meets the guard, which refuses and counts it.
 */
export type HydraReads = Readonly<Record<HydraListener, readonly HydraRead[]>>;

const HEALTH: readonly HydraRead[] = ['GET /health/alive', 'GET /health/ready'];

/** Source: the handlers that `SetRoutes` of Hydra's packages client, consent, jwk, oauth2 and oauth2/trust name. */
export const READS_2_3_0: HydraReads = {
  public: [
    ...HEALTH,
    // Both make a key set that is missing in 2.x, and those of blue came with the copy.
    'GET /.well-known/openid-configuration',
    'GET /.well-known/jwks.json',
    'GET /userinfo',
    'POST /userinfo',
    'GET /oauth2/register/:client',
    'GET /oauth2/fallbacks/login',
    'GET /oauth2/fallbacks/consent',
    'GET /oauth2/fallbacks/logout',
    'GET /oauth2/fallbacks/logout/callback',
    'GET /oauth2/fallbacks/error',
  ],
  admin: [
    ...HEALTH,
    'GET /version',
    'GET /metrics/prometheus',
    'POST /oauth2/introspect',
    'GET /clients',
    'GET /clients/:client',
    'GET /keys/:set',
    'GET /keys/:set/:key',
    'GET /oauth2/auth/requests/login',
    'GET /oauth2/auth/requests/consent',
    'GET /oauth2/auth/requests/logout',
    'GET /oauth2/auth/sessions/consent',
    'GET /trust/grants/jwt-bearer/issuers',
    'GET /trust/grants/jwt-bearer/issuers/:issuer',
  ],
};

export const READS_1_11_10: HydraReads = { ...READS_2_3_0, public: [...READS_2_3_0.public, 'GET /version'] };

/** Whether a request changes nothing; its path on the admin listener is without a prefix. */
export type IsRead = (listener: HydraListener, method: string, path: string) => boolean;

/** @returns what all of these take for a read: a request is judged before anybody knows where it goes */
export function readsOf(tables: readonly HydraReads[]): IsRead {
  const common = (listener: HydraListener): ((method: string, path: string) => boolean) => {
    const [first = [], ...others] = tables.map((table) => table[listener]);
    return matcher(first.filter((read) => others.every((reads) => reads.includes(read))));
  };
  const matches = { public: common('public'), admin: common('admin') };
  // Of a preflight of a browser Hydra's handlers learn nothing.
  return (listener, method, path) => method === 'OPTIONS' || matches[listener](method, path);
}

function matcher(reads: readonly HydraRead[]): (method: string, path: string) => boolean {
  const exact = new Set<string>(reads.filter((read) => !read.includes(':')));
  const withNames = reads
    .filter((read) => read.includes(':'))
    .map((read) => new RegExp(`^${read.replaceAll('.', '\\.').replace(/:\w+/g, '[^/]+')}$`));
  return (method, path) => {
    const read = `${method === 'HEAD' ? 'GET' : method} ${path}`;
    return exact.has(read) || withNames.some((pattern) => pattern.test(read));
  };
}
