import { listConsents } from '../../oauth';
import { isCutoverFault } from '../../../domain/faults';
import { ask } from '../http/answer';
import { hashedId } from '../oracle/hashed-id';
import { type Fact } from '../oracle/fact';
import { type ClientRecord } from '../population/client-record';
import { isSecretAccepted } from '../operations/clients';
import { type OperationContext } from '../operations/context';

/** What the server said, or undefined when it did not say. `changed` names a value that is not what was promised. */
export type Seen =
  | {
      readonly present: boolean;
      readonly changed?: 'token_client_changed' | 'token_subject_changed' | 'token_scope_changed';
    }
  | undefined;

/**
 * Asks the server about one fact over its public behaviour, without changing anything.
 * @returns undefined for no usable answer; 'skip' for kinds that cannot be asked about without using them up
 */
export async function observe(context: OperationContext, fact: Fact): Promise<Seen | 'skip'> {
  const kept = context.actor.vault.get(fact.kind === 'redirect_uri' ? (fact.client ?? '') : fact.id);
  switch (fact.kind) {
    case 'access_token':
    case 'refresh_token':
      return kept?.kind === 'token' ? seeToken(context, fact, kept.token, kept.client) : 'skip';
    case 'secret':
      return kept?.kind === 'secret' ? seeSecret(context, kept.client, kept.secret) : 'skip';
    case 'client':
      return kept?.kind === 'client' ? seeClient(context, kept.client) : 'skip';
    case 'redirect_uri':
      return kept?.kind === 'client' ? seeRedirectUri(context, kept.client, fact.id) : 'skip';
    case 'session':
      return kept?.kind === 'session' ? seeSession(context, kept.cookie) : 'skip';
    case 'trusted_issuer':
      return seeIssuer(context);
    case 'consent':
    case 'remembered_consent':
    case 'code':
      return 'skip';
  }
}

async function seeToken(context: OperationContext, fact: Fact, token: string, client: ClientRecord): Promise<Seen> {
  const answer = await context.tools.api.introspect(token, 'check token');
  if (answer.kind !== 'ok') return undefined;
  const { active, clientId, subject, scope } = answer.value;
  if (!active) return { present: false };
  if (clientId !== client.id) return { present: true, changed: 'token_client_changed' };
  if (fact.subject !== undefined && subject !== fact.subject)
    return { present: true, changed: 'token_subject_changed' };
  if (fact.scope !== undefined && !sameWords(scope, fact.scope))
    return { present: true, changed: 'token_scope_changed' };
  return { present: true };
}

function sameWords(one: string, other: string): boolean {
  const sorted = (text: string): string => text.split(' ').sort().join(' ');
  return sorted(one) === sorted(other);
}

async function seeSecret(context: OperationContext, client: ClientRecord, secret: string): Promise<Seen> {
  const accepted = await isSecretAccepted(context, client, secret);
  return accepted === undefined ? undefined : { present: accepted };
}

/** What the admin API says of a client that is not there: 1.3.2 says 401, all later ones 404. Seen on the real binaries. */
const GONE: readonly number[] = [401, 404];

async function seeClient(context: OperationContext, client: ClientRecord): Promise<Seen> {
  const { http } = context.tools.api;
  const url = http.adminUrl(`/clients/${encodeURIComponent(client.id)}`);
  const answer = await ask(http, { operation: 'check client', method: 'GET', url }, [200]);
  if (answer.kind === 'ok') return { present: true };
  const isGone = answer.kind === 'refused' && GONE.includes(answer.status);
  return isGone ? { present: false } : undefined;
}

/** A login that may show no page ends at once: at the client if its address is trusted, else on the error page. */
async function seeRedirectUri(context: OperationContext, client: ClientRecord, uri: string): Promise<Seen> {
  const target = await silentLogin(context, client.id, uri);
  return target === undefined ? undefined : { present: target.startsWith(`${uri}?`) };
}

/** With a session `prompt=none` goes on to the login app, without one back to the client. */
async function seeSession(context: OperationContext, cookie: string): Promise<Seen> {
  const client = context.tools.shared.pairwise;
  const target = await silentLogin(context, client.id, client.redirectUris[0] ?? '', cookie);
  if (target === undefined) return undefined;
  const url = new URL(target);
  if (url.searchParams.has('login_challenge')) return { present: true };
  return url.searchParams.get('error') === 'login_required' ? { present: false } : undefined;
}

async function silentLogin(
  context: OperationContext,
  clientId: string,
  redirectUri: string,
  cookie?: string,
): Promise<string | undefined> {
  const { http } = context.tools.api;
  const url = http.publicUrl('/oauth2/auth', {
    client_id: clientId,
    response_type: 'code',
    scope: 'openid',
    redirect_uri: redirectUri,
    state: 'oracle-check',
    nonce: 'oracle-check',
    prompt: 'none',
    // Public clients must send one; nobody will redeem this.
    code_challenge: 'A'.repeat(43),
    code_challenge_method: 'S256',
  });
  const headers: Record<string, string> = cookie === undefined ? {} : { cookie };
  const answer = await ask(http, { operation: 'check login', method: 'GET', url, headers }, [302, 303]);
  const location = answer.kind === 'ok' ? answer.value.headers['location'] : undefined;
  return typeof location === 'string' && URL.canParse(location) ? location : undefined;
}

async function seeIssuer(context: OperationContext): Promise<Seen> {
  const { api, shared } = context.tools;
  const form = {
    grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
    scope: 'api',
    assertion: shared.bearerAssertion(),
  };
  const answer = await api.token('check issuer', shared.bearer, form);
  if (answer.kind === 'lost') return undefined;
  return { present: answer.kind === 'ok' };
}

/** @returns hashed ids of the clients whose consents are listed for this subject, undefined when the list cannot be had */
export async function listedClients(
  context: OperationContext,
  subject: string,
): Promise<ReadonlySet<string> | undefined> {
  try {
    const consents = await listConsents(context.tools.api.http, subject);
    return new Set(consents.map((consent) => hashedId(consent.clientId)));
  } catch (error) {
    if (isCutoverFault(error)) return undefined;
    throw error;
  }
}
