import { isCutoverFault } from '../../../domain/faults';
import { redirectTarget } from '../../oauth';
import { type Answer, ok, transportReason } from '../http/answer';
import { hashedId } from '../oracle/hashed-id';
import { type SingleSignOn } from '../population/actor';
import { POST_LOGOUT_URI } from '../population/client-body';
import { type OperationContext, type OperationResult } from './context';
import { someChain } from './tokens';

const MAX_HOPS = 10;
const SERVER_ERROR = 500;

/** A user, or an administrator for them, takes all consents back. Everything that rested on them is dead. */
export async function revokeConsentsOfSubject(context: OperationContext): Promise<OperationResult> {
  return revokeConsents(context, false);
}

export async function revokeConsentsAtClient(context: OperationContext): Promise<OperationResult> {
  return revokeConsents(context, true);
}

async function revokeConsents(context: OperationContext, atClient: boolean): Promise<OperationResult> {
  const chain = someChain(context);
  if (chain === undefined) return 'nothing';
  const { actor, tools } = context;
  const { subject, client } = chain;
  const fits = (other: { subject: string; client: { id: string } }): boolean =>
    other.subject === subject && (!atClient || other.client.id === client.id);
  const answer = await tools.api.revokeConsents(subject, atClient ? client.id : undefined);
  if (answer.kind !== 'refused') {
    actor.dropChains(fits);
    actor.leftCodes = actor.leftCodes.filter((left) => !fits(left));
    forgetHalfLogins(context, subject);
  }
  return context.settle(answer, {
    type: 'consents_revoked',
    subject,
    ...(atClient && { client: hashedId(client.id) }),
  });
}

/** Logs a user out everywhere. Grants and their tokens live on. */
export async function deleteLoginSessions(context: OperationContext): Promise<OperationResult> {
  const signOn = someSignOn(context);
  if (signOn === undefined) return 'nothing';
  const answer = await context.tools.api.deleteSessions(signOn.subject);
  if (answer.kind !== 'refused') leave(context, signOn, answer.kind === 'lost');
  return context.settle(answer, { type: 'sessions_deleted', subject: signOn.subject });
}

/** RP-initiated logout in the user's browser. Grants and their tokens live on. */
export async function logout(context: OperationContext): Promise<OperationResult> {
  const signOn = someSignOn(context, (candidate) => candidate.idToken !== undefined);
  if (signOn?.session === undefined || signOn.idToken === undefined) return 'nothing';
  const { session } = signOn;
  const answer = await walkLogout(context, signOn, signOn.idToken);
  // A logout that was refused half-way may have ended the session before.
  leave(context, signOn, answer.kind !== 'ok');
  const ended = { type: 'session_ended', session, cause: context.name } as const;
  if (answer.kind === 'refused') context.actor.ledger.applyUncertain(ended, Date.now());
  return context.settle(answer, ended);
}

async function walkLogout(context: OperationContext, signOn: SingleSignOn, idToken: string): Promise<Answer<void>> {
  const { api, loginApp } = context.tools;
  const app = loginApp({ subject: signOn.subject, remember: false });
  const query = { id_token_hint: idToken, post_logout_redirect_uri: POST_LOGOUT_URI, state: 'out' };
  let url = api.http.publicUrl('/oauth2/sessions/logout', query);
  try {
    for (let hop = 0; hop < MAX_HOPS; hop++) {
      if (url.href.startsWith(POST_LOGOUT_URI)) return ok(undefined);
      const visited = api.http.isPublic(url) ? undefined : await app.visit(url, signOn.browser);
      if (visited !== undefined) {
        url = visited;
        continue;
      }
      const response = await signOn.browser.get('logout', url);
      const target = redirectTarget(url, response);
      if (target === undefined || target.searchParams.has('error')) return refusal(response.statusCode);
      url = target;
    }
    return { kind: 'refused', status: 0, reason: 'too many redirects' };
  } catch (error) {
    if (!isCutoverFault(error)) throw error;
    if (error.code === 'HYDRA_UNREACHABLE') return { kind: 'lost', reason: transportReason(error) };
    return refusal(Number(error.details['statusCode'] ?? SERVER_ERROR));
  }
}

function refusal(status: number): Answer<never> {
  const reason = `${status} during logout`;
  return status >= SERVER_ERROR ? { kind: 'lost', reason } : { kind: 'refused', status, reason };
}

function someSignOn(
  context: OperationContext,
  fits: (signOn: SingleSignOn) => boolean = () => true,
): SingleSignOn | undefined {
  const loggedIn = [...context.actor.signOns.values()].filter((signOn) => signOn.session !== undefined && fits(signOn));
  return context.actor.random.pick(loggedIn);
}

/** @param forGood nobody knows the state of this browser, so it is thrown away; else it may log in again */
function leave(context: OperationContext, signOn: SingleSignOn, forGood: boolean): void {
  signOn.session = undefined;
  signOn.idToken = undefined;
  if (forGood) context.actor.signOns.delete(signOn.subject);
  forgetHalfLogins(context, signOn.subject);
}

/** Ending sessions or consents may end logins under way; whether it does differs by version, and nothing is promised. */
function forgetHalfLogins(context: OperationContext, subject: string): void {
  context.actor.halfLogins = context.actor.halfLogins.filter((half) => half.user.subject !== subject);
}
