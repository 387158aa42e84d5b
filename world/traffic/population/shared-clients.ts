import { generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import { CutoverFault } from '../../../domain/faults';
import { type HydraApi } from '../http/hydra-api';
import { ask } from '../http/answer';
import { signJwt } from '../http/jwt';
import { hashedId } from '../oracle/hashed-id';
import { type Actor } from './actor';
import { type AuthMethod, type ClientRecord, GRANT_SCOPE, SIGNING_KEY_ID } from './client-record';

export const JWT_BEARER_GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const USER_GRANTS = ['authorization_code', 'refresh_token'];
const ISSUER_LIFE_MS = 30 * 86_400_000;
const ASSERTION_LIFE_S = 60;

/** Clients that every actor uses and nobody edits. */
export interface SharedClients {
  /** For users: public with PKCE mostly. Repeated by how often they are used. */
  readonly forUsers: readonly ClientRecord[];
  readonly pairwise: ClientRecord;
  readonly machine: ClientRecord;
  readonly bearer: ClientRecord;
  readonly bearerAssertion: () => string;
}

export interface NewClient {
  readonly authMethod?: AuthMethod;
  readonly pairwise?: boolean;
  readonly scope?: string;
  readonly grantTypes?: readonly string[];
  readonly key?: { readonly privateKey: KeyObject; readonly jwks: object };
}

/** A client that does not exist on the server yet. */
export function draftClient(id: string, wanted: NewClient = {}): ClientRecord {
  const authMethod = wanted.authMethod ?? 'none';
  return {
    id,
    authMethod,
    pairwise: wanted.pairwise ?? false,
    scope: wanted.scope ?? GRANT_SCOPE,
    grantTypes: wanted.grantTypes ?? USER_GRANTS,
    secret: authMethod.startsWith('client_secret') ? newSecret() : undefined,
    redirectUris: [`https://app.invalid/${id}/callback`],
    ...(wanted.key !== undefined && { privateKey: wanted.key.privateKey, jwks: wanted.key.jwks }),
  };
}

export function newSecret(): string {
  return randomBytes(24).toString('base64url');
}

/** Creates the clients that all share, and books their existence and secrets with `owner`. */
export async function createSharedClients(
  api: HydraApi,
  owner: Actor,
  runName: string,
  trustsIssuers = true,
): Promise<SharedClients> {
  const key = newSigningKey(SIGNING_KEY_ID);
  const create = (name: string, wanted: NewClient = {}) =>
    register(api, owner, draftClient(`traffic-${runName}-${name}`, wanted));
  const publicA = await create('public-a');
  const publicB = await create('public-b');
  const publicC = await create('public-c');
  const pairwise = await create('pairwise', { pairwise: true });
  const forUsers = [
    ...[publicA, publicA, publicB, publicB, publicC, publicC, pairwise],
    await create('basic', { authMethod: 'client_secret_basic' }),
    await create('post', { authMethod: 'client_secret_post' }),
    await create('assertions', { authMethod: 'private_key_jwt', key }),
  ];
  const machine = await create('machine', {
    authMethod: 'client_secret_basic',
    scope: 'api',
    grantTypes: ['client_credentials'],
  });
  const bearer = await create('bearer', {
    authMethod: 'client_secret_basic',
    scope: 'api',
    grantTypes: [JWT_BEARER_GRANT],
  });
  return {
    forUsers,
    pairwise,
    machine,
    bearer,
    bearerAssertion: trustsIssuers ? await trustIssuer(api, owner, runName) : noIssuer,
  };
}

/** @throws CutoverFault HYDRA_UNEXPECTED */
async function register(api: HydraApi, owner: Actor, client: ClientRecord): Promise<ClientRecord> {
  const answer = await api.createClient(client);
  if (answer.kind !== 'ok') throw setupFault(`creating client ${client.id}`, answer.reason);
  bookClient(owner, client);
  return client;
}

/** Keeps what is needed to ask about a client that the server confirmed, and books it. */
export function bookClient(owner: Actor, client: ClientRecord): void {
  const now = Date.now();
  const id = owner.vault.keep(client.id, { kind: 'client', client });
  owner.ledger.apply({ type: 'client_registered', client: id }, now);
  if (client.secret !== undefined) {
    const secret = owner.vault.keep(client.secret, { kind: 'secret', secret: client.secret, client });
    owner.ledger.apply({ type: 'secret_set', client: id, secret }, now);
  }
  if (!client.grantTypes.includes('authorization_code')) return;
  owner.ledger.apply({ type: 'redirect_uris_set', client: id, uris: client.redirectUris }, now);
}

/** @throws Error: whoever leaves the issuer out leaves out what needs it */
function noIssuer(): never {
  throw new Error('no issuer of assertions is trusted in this traffic');
}

async function trustIssuer(api: HydraApi, owner: Actor, runName: string): Promise<() => string> {
  const issuer = `https://issuer.invalid/${runName}`;
  const keyId = `traffic-issuer-${runName}`;
  const subject = 'service@issuer.invalid';
  const key = newSigningKey(keyId);
  const expiresAt = new Date(Date.now() + ISSUER_LIFE_MS).toISOString();
  const json = { issuer, subject, scope: ['api'], jwk: key.jwks.keys[0], expires_at: expiresAt };
  const url = api.http.adminUrl('/trust/grants/jwt-bearer/issuers');
  const answer = await ask(api.http, { operation: 'trust issuer', method: 'POST', url, json }, [201]);
  if (answer.kind !== 'ok') throw setupFault('trusting an issuer of assertions', answer.reason);
  owner.ledger.apply({ type: 'issuer_trusted', issuer: hashedId(issuer) }, Date.now());
  return () => {
    const iat = Math.floor(Date.now() / 1_000);
    const jti = randomBytes(16).toString('hex');
    const claims = { iss: issuer, sub: subject, aud: api.tokenEndpoint, jti, iat, exp: iat + ASSERTION_LIFE_S };
    return signJwt(claims, key.privateKey, keyId);
  };
}

function newSigningKey(keyId: string): { privateKey: KeyObject; jwks: { keys: [object] } } {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid: keyId, use: 'sig', alg: 'RS256' };
  return { privateKey, jwks: { keys: [jwk] } };
}

function setupFault(doing: string, reason: string): CutoverFault {
  return new CutoverFault(
    'HYDRA_UNEXPECTED',
    `${doing} failed: ${reason}; the traffic begins only where Hydra takes writes and allows pairwise subjects (OIDC_SUBJECT_IDENTIFIERS_SUPPORTED_TYPES, …_PAIRWISE_SALT)`,
  );
}
