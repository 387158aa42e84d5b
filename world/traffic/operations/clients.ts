import { hashedId } from '../oracle/hashed-id';
import { type PromiseEvent } from '../oracle/events';
import { AUTH_METHODS, type ClientRecord } from '../population/client-record';
import { bookClient, draftClient, newSecret } from '../population/shared-clients';
import { type OperationContext, type OperationResult } from './context';

const OWN_CLIENTS_MAX = 3;
/** No key pair for each of them: 2,048 bits take a tenth of a second. */
const OWN_METHODS = AUTH_METHODS.filter((method) => method !== 'private_key_jwt');
export const NO_SUCH_TOKEN = 'no-such-token.no-such-signature';

export async function registerClient(context: OperationContext): Promise<OperationResult> {
  const { actor, tools } = context;
  if (actor.ownClients.length >= OWN_CLIENTS_MAX) return 'nothing';
  const authMethod = actor.random.pick(OWN_METHODS) ?? 'none';
  const client = draftClient(actor.nextName('traffic-own'), { authMethod });
  const answer = await tools.api.createClient(client);
  if (answer.kind !== 'ok') {
    const id = actor.vault.keep(client.id, { kind: 'client', client });
    return context.settle(answer, { type: 'client_registered', client: id });
  }
  bookClient(actor, client);
  tools.recorder.write();
  actor.ownClients.push(client);
  return 'ok';
}

export async function deleteClient(context: OperationContext): Promise<OperationResult> {
  const { actor, tools } = context;
  const client = actor.random.pick(actor.ownClients);
  if (client === undefined) return 'nothing';
  const answer = await tools.api.deleteClient(client.id);
  if (answer.kind !== 'refused') abandonClient(context, client);
  return context.settle(answer, { type: 'client_deleted', client: hashedId(client.id) });
}

/** Sets another secret and tries the old one at once. */
export async function rotateSecret(context: OperationContext): Promise<OperationResult> {
  const { actor, tools } = context;
  const client = actor.random.pick(actor.ownClients.filter((own) => own.secret !== undefined));
  const old = client?.secret;
  if (client === undefined || old === undefined) return 'nothing';
  const secret = newSecret();
  client.secret = secret;
  const answer = await tools.api.updateClient(client, true);
  if (answer.kind === 'refused') client.secret = old;
  if (answer.kind === 'lost') abandonClient(context, client);
  const id = actor.vault.keep(secret, { kind: 'secret', secret, client });
  const booked = context.settle(answer, { type: 'secret_set', client: hashedId(client.id), secret: id });
  if (booked !== 'ok') return booked;
  const tried = await isSecretAccepted(context, client, old);
  if (tried === true)
    context.witness('old_secret_accepted', 'revokedButActive', hashedId(old), `secret ${hashedId(old)}`);
  return tried === true ? 'refused' : 'ok';
}

/** @returns undefined when the server did not say */
export async function isSecretAccepted(
  context: OperationContext,
  client: ClientRecord,
  secret: string,
): Promise<boolean | undefined> {
  const form = { grant_type: 'refresh_token', refresh_token: NO_SUCH_TOKEN };
  const answer = await context.tools.api.token('try secret', client, form, secret);
  if (answer.kind === 'lost') return undefined;
  // Authenticated clients hear that the grant is no good, others that they are not known.
  return answer.kind === 'ok' || !answer.reason.includes('invalid_client');
}

/** Takes the first redirect URI out and puts a new one in. */
export async function editRedirectUris(context: OperationContext): Promise<OperationResult> {
  const { actor, tools } = context;
  const client = actor.random.pick(actor.ownClients);
  if (client === undefined) return 'nothing';
  const before = client.redirectUris;
  client.redirectUris = [`https://app.invalid/${client.id}/${actor.nextName('callback')}`];
  const answer = await tools.api.updateClient(client, false);
  const uris = client.redirectUris;
  if (answer.kind === 'refused') client.redirectUris = before;
  if (answer.kind === 'lost') abandonClient(context, client);
  // The walk under way was begun with the old one.
  actor.halfLogins = actor.halfLogins.filter((half) => half.walk.client !== client);
  return context.settle(answer, { type: 'redirect_uris_set', client: hashedId(client.id), uris });
}

/** Nothing is promised about tokens that exist; new ones live as long as their answer says. */
export async function setLifespans(context: OperationContext): Promise<OperationResult> {
  const client = context.actor.random.pick(context.actor.ownClients);
  if (client === undefined) return 'nothing';
  const short = context.actor.random.next() < 0.5;
  const answer = await context.tools.api.setLifespans(client.id, {
    authorization_code_grant_access_token_lifespan: short ? '20s' : '2h',
    refresh_token_grant_access_token_lifespan: short ? '30s' : '2h',
  });
  return context.settle(answer);
}

export async function deleteTokensOfClient(context: OperationContext): Promise<OperationResult> {
  const client = context.actor.random.pick(context.actor.ownClients);
  if (client === undefined) return 'nothing';
  const event: PromiseEvent = { type: 'access_tokens_deleted', client: hashedId(client.id) };
  return context.settle(await context.tools.api.deleteAccessTokens(client.id), event);
}

/** Gone, or in a state that nobody knows: not used again. */
function abandonClient(context: OperationContext, client: ClientRecord): void {
  const { actor } = context;
  actor.ownClients.splice(actor.ownClients.indexOf(client), 1);
  actor.dropChains((chain) => chain.client === client);
  actor.leftCodes = actor.leftCodes.filter((left) => left.client !== client);
  actor.halfLogins = actor.halfLogins.filter((half) => half.walk.client !== client);
}
