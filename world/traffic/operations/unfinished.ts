import { Browser } from '../../oauth';
import { LOGIN_STOPS, LoginWalk } from '../http/login-walk';
import { type OperationContext, type OperationResult } from './context';
import { redeem, resultOf, someClient, someSubject, winCode } from './grants';

const LEFT_MAX = 5;

/** A user walks away in front of a page. Nothing was promised, but coming back must work. */
export async function leaveLogin(context: OperationContext): Promise<OperationResult> {
  const { actor, tools } = context;
  if (actor.halfLogins.length >= LEFT_MAX) return 'nothing';
  // A browser of its own: 1.x keeps one CSRF cookie for all logins of a browser, so the next login would end this one.
  const walk = new LoginWalk(tools.api.http, someClient(context), new Browser(tools.api.http));
  const user = { subject: someSubject(context), remember: false };
  const answer = await walk.advance(tools.loginApp(user), actor.random.pick(LOGIN_STOPS) ?? 'login');
  if (answer.kind !== 'ok') return context.fail(answer);
  actor.halfLogins.push({ walk, user });
  return 'ok';
}

export async function resumeLogin(context: OperationContext): Promise<OperationResult> {
  const half = context.actor.halfLogins.shift();
  if (half === undefined) return 'nothing';
  const won = await winCode(context, half.walk, half.user.subject);
  return typeof won === 'string' ? won : resultOf(await redeem(context, won));
}

/** A client that dies between the redirect and the token request. */
export async function leaveCode(context: OperationContext): Promise<OperationResult> {
  const { actor, tools } = context;
  if (actor.leftCodes.length >= LEFT_MAX) return 'nothing';
  const walk = new LoginWalk(tools.api.http, someClient(context), new Browser(tools.api.http));
  const won = await winCode(context, walk, someSubject(context));
  if (typeof won === 'string') return won;
  actor.leftCodes.push(won);
  return 'ok';
}

const TOO_OLD_MS = 60_000;

export async function redeemLeftCode(context: OperationContext): Promise<OperationResult> {
  const left = context.actor.leftCodes.shift();
  if (left === undefined) return 'nothing';
  const fact = context.actor.ledger.get(`code ${left.chain}`);
  const expiresAtMs = fact?.expiresAtMs ?? 0;
  if (fact?.expected !== 'present' || expiresAtMs - Date.now() < TOO_OLD_MS) return 'nothing';
  return resultOf(await redeem(context, left));
}
