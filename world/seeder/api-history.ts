import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import {
  adminLoginApp,
  clientCredentials,
  createOauthClient,
  deleteOauthClient,
  grantTokens,
  introspectToken,
  listConsents,
  type OauthClient,
  type OauthHttp,
  refreshTokens,
  revokeToken,
} from '../oauth';
import { expectJson } from '../oauth/expect-json';

/** Something that a Hydra said through its API, and that every later version must say again. */
export interface ApiPromise {
  readonly what: string;
  readonly isKept: (http: OauthHttp) => Promise<boolean>;
}

export interface ApiHistory {
  /** May be asked any number of times. */
  readonly promises: readonly ApiPromise[];
  /** Each uses its refresh token up, so it is asked once, last. */
  readonly refreshes: readonly ApiPromise[];
}

export interface SeedOptions {
  /** Leaves out of sessions what 2.x does not give back as it was: an escaped zero, which it cannot store, and numbers beyond 64 bits. @default false */
  readonly for2x?: boolean;
}

/** Longer than what PostgreSQL keeps in a row, so that it lies beside the table. */
const LARGE_BYTES = 200_000;

/**
 * What ordinary use leaves in the database of any version, by its API alone: clients, remembered consents with large and odd session data,
 * chains of refreshed tokens, revoked ones, tokens of machines, keys. The only history that a Hydra 1.3.2 can be given: the seeder that
 * writes rows knows the tables of 1.11.10.
 */
export async function seedThroughApi(
  http: OauthHttp,
  rounds: number,
  { for2x = false }: SeedOptions = {},
): Promise<ApiHistory> {
  const promises: ApiPromise[] = [];
  const refreshes: ApiPromise[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const client = await createOauthClient(http);
    const subject = `seeded-${randomBytes(6).toString('hex')}`;
    const session = {
      large: 'x'.repeat(LARGE_BYTES),
      odd: ['\u{1F511}', '"}{', null, { id_token: 7 }, ...(for2x ? [] : ['\u0000', 1e21])],
    };
    const grant = async () =>
      (await grantTokens(http, { client, loginApp: adminLoginApp(http, { subject, remember: true, session }) })).tokens;
    promises.push(...(await clientPromises(http, client)));

    const first = await grant();
    const second = await refreshTokens(http, client, first.refreshToken ?? '');
    const newest = await refreshTokens(http, client, second.refreshToken ?? '');
    promises.push(
      isDead('an access token whose refresh token was used', first.accessToken),
      isDead('a refresh token that was used', second.refreshToken ?? ''),
      await saysTheSame(http, 'the newest access token of a chain', newest.accessToken),
      {
        what: 'a remembered consent',
        isKept: async (at) => (await listConsents(at, subject)).some(({ clientId }) => clientId === client.id),
      },
    );
    refreshes.push({
      what: 'the newest refresh token of a chain',
      isKept: (at) => refreshes200(at, client, newest.refreshToken),
    });

    const revoked = await grant();
    await revokeToken(http, client, revoked.refreshToken ?? '');
    promises.push(isDead('a token that was revoked', revoked.accessToken));
    const machine = await clientCredentials(http, client);
    promises.push(await saysTheSame(http, 'the token of a machine', machine.accessToken));
    promises.push(await keySet(http));
  }
  return { promises, refreshes };
}

/** @returns what is not kept */
export async function brokenPromises(http: OauthHttp, promises: readonly ApiPromise[]): Promise<string[]> {
  const broken: string[] = [];
  for (const { what, isKept } of promises) if (!(await isKept(http))) broken.push(what);
  return broken;
}

async function clientPromises(http: OauthHttp, { id }: OauthClient): Promise<ApiPromise[]> {
  const gone = await createOauthClient(http);
  await deleteOauthClient(http, gone.id);
  const statusOf = async (at: OauthHttp, name: string) => {
    const url = at.adminUrl(`/clients/${encodeURIComponent(name)}`);
    return (await at.send({ operation: 'get client', method: 'GET', url })).statusCode;
  };
  return [
    { what: 'a client', isKept: async (at) => (await statusOf(at, id)) === 200 },
    // 401 before 2.x.
    { what: 'a client that was deleted', isKept: async (at) => [401, 404].includes(await statusOf(at, gone.id)) },
  ];
}

function isDead(what: string, token: string): ApiPromise {
  return { what, isKept: async (at) => !(await introspectToken(at, token)).active };
}

const introspectionSchema = z.object({
  active: z.literal(true),
  // Of a machine 1.3.2 names none.
  sub: z.string().optional(),
  client_id: z.string(),
  scope: z.string().optional(),
  exp: z.number(),
  iat: z.number(),
  ext: z.unknown().optional(),
});

/** The session of the user with it, byte by byte. */
async function saysTheSame(http: OauthHttp, what: string, token: string): Promise<ApiPromise> {
  const ask = async (at: OauthHttp) => {
    const url = at.adminUrl('/oauth2/introspect');
    const request = { operation: 'introspect', method: 'POST', url, form: { token } } as const;
    const answer = introspectionSchema.safeParse(JSON.parse((await at.send(request)).text));
    return answer.success ? JSON.stringify(answer.data) : undefined;
  };
  const told = await ask(http);
  if (told === undefined) throw new TypeError(`${what} is not active right after it was given`);
  return { what, isKept: async (at) => (await ask(at)) === told };
}

async function refreshes200(http: OauthHttp, client: OauthClient, token = ''): Promise<boolean> {
  const { accessToken } = await refreshTokens(http, client, token);
  return (await introspectToken(http, accessToken)).active;
}

const keysSchema = z.object({ keys: z.array(z.record(z.string(), z.unknown())).min(1) });

async function keySet(http: OauthHttp): Promise<ApiPromise> {
  const set = `seeded-${randomBytes(6).toString('hex')}`;
  const json = { kid: set, alg: 'ES512', use: 'sig' };
  const made = { operation: 'make keys', method: 'POST', url: http.adminUrl(`/keys/${set}`), json } as const;
  const told = publicPart(await expectJson(http, made, 201, keysSchema));
  const isKept = async (at: OauthHttp) => {
    const asked = { operation: 'get keys', method: 'GET', url: at.adminUrl(`/keys/${set}`) } as const;
    return publicPart(await expectJson(at, asked, 200, keysSchema)) === told;
  };
  return { what: 'a set of keys', isKept };
}

/** In any order: versions differ in it. */
function publicPart({ keys }: z.infer<typeof keysSchema>): string {
  return JSON.stringify([...new Set(keys.map(({ x, y }) => `${String(x)} ${String(y)}`))].sort());
}
