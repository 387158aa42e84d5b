import { createHash } from 'node:crypto';
import { Browser } from '../../oauth';
import { type Answer } from '../http/answer';
import { type Tokens } from '../http/hydra-api';
import { readJwt } from '../http/jwt';
import { LoginWalk, type WonCode } from '../http/login-walk';
import { factKey } from '../oracle/fact';
import { hashedId } from '../oracle/hashed-id';
import { type PromiseEvent, type TokenRef } from '../oracle/events';
import { type Chain, type LeftCode, type SingleSignOn } from '../population/actor';
import { type ClientRecord } from '../population/client-record';
import { type Outcome } from '../recording/recorder';
import { type OperationContext, type OperationResult } from './context';

/** Hydra's default; codes older than this are not tried. */
const CODE_LIFE_MS = 600_000;
const GRANTS_PER_SUBJECT = 20;
const SUBJECTS_IN_USE = 3;

/** A login and consent in `walk`'s browser, up to the code. @returns undefined when it failed, which is booked then */
export async function winCode(
  context: OperationContext,
  walk: LoginWalk,
  subject: string,
  signOn?: SingleSignOn,
): Promise<LeftCode | Outcome> {
  const { tools, actor } = context;
  const answer = await walk.advance(tools.loginApp({ subject, remember: signOn !== undefined }));
  return bookCode(context, walk.client, subject, answer, walk.consentSent, signOn) ?? bookedFailure(answer, actor.id);
}

function bookedFailure(answer: Answer<unknown>, actor: string): Outcome {
  if (answer.kind === 'ok') throw new Error(`a login of actor ${actor} stopped where nobody wanted it to`);
  return answer.kind;
}

function bookCode(
  context: OperationContext,
  client: ClientRecord,
  subject: string,
  answer: Answer<WonCode | undefined>,
  consentSent: boolean,
  signOn: SingleSignOn | undefined,
): LeftCode | undefined {
  const { actor } = context;
  const clientId = hashedId(client.id);
  const events: PromiseEvent[] = [{ type: 'consent_given', subject, client: clientId }];
  if (signOn !== undefined) {
    events.push({ type: 'consent_remembered', subject, client: clientId });
    if (signOn.session === undefined) {
      signOn.session = actor.nextName('session');
      events.push({ type: 'session_started', session: signOn.session, subject });
    }
  }
  if (answer.kind !== 'ok' || answer.value === undefined) {
    if (answer.kind !== 'ok') context.settle(answer, ...(consentSent ? events : []));
    // Whether this browser is logged in is not known any more.
    if (signOn !== undefined) abandon(context, signOn);
    return undefined;
  }
  const code = answer.value;
  const { codeVerifier, redirectUri } = code;
  const id = actor.vault.keep(code.code, { kind: 'code', code: code.code, codeVerifier, redirectUri, client });
  const expiresAtMs = Date.now() + CODE_LIFE_MS;
  context.confirm(...events, { type: 'code_issued', code: id, chain: id, client: clientId, subject, expiresAtMs });
  if (signOn !== undefined) keepCookie(context, signOn);
  return { chain: id, client, subject, code };
}

/** The browser is not used again; its session may or may not be alive. */
function abandon(context: OperationContext, signOn: SingleSignOn): void {
  keepCookie(context, signOn);
  context.actor.signOns.delete(signOn.subject);
  if (signOn.session === undefined) return;
  context.actor.ledger.applyUncertain(
    { type: 'session_ended', session: signOn.session, cause: context.name },
    Date.now(),
  );
}

function keepCookie(context: OperationContext, signOn: SingleSignOn): void {
  const { http } = context.tools.api;
  const cookie = signOn.browser.cookies.header(http.publicUrl('/oauth2/auth'));
  if (signOn.session !== undefined && cookie !== undefined) {
    context.actor.vault.set(signOn.session, { kind: 'session', cookie });
  }
}

/**
 * Exchanges a code.
 * @param signOn the browser it came from: logging out there needs an id token of its own session, another's does nothing
 * @returns the new chain, or how it ended without one
 */
export async function redeem(
  context: OperationContext,
  left: LeftCode,
  signOn?: SingleSignOn,
): Promise<Chain | Outcome> {
  const { actor, tools } = context;
  const { client, subject, code } = left;
  const answer = await tools.api.token('exchange code', client, codeForm(code));
  const used: PromiseEvent = { type: 'code_used', code: left.chain };
  if (answer.kind !== 'ok') {
    if (answer.kind === 'refused')
      context.witness('code_refused', 'confirmedButLost', left.chain, factKey('code', left.chain));
    return context.settle(answer, used);
  }
  const tokens = answer.value;
  const refs = keepTokens(context, client, tokens);
  const issued = {
    type: 'tokens_issued',
    chain: left.chain,
    client: hashedId(client.id),
    subject,
    tokens: refs,
  } as const;
  context.confirm(used, issued);
  await lookAtIdToken(context, client, subject, tokens.idToken);
  const chain: Chain = {
    id: left.chain,
    client,
    subject,
    code,
    accessToken: tokens.accessToken,
    refreshToken: tokens.refreshToken ?? '',
    spentRefreshToken: undefined,
    hasPolicy: false,
  };
  actor.chains.push(chain);
  // A pairwise `sub` is not the one of the browser's session.
  if (signOn !== undefined && tokens.idToken !== undefined && !client.pairwise) signOn.idToken = tokens.idToken;
  return chain;
}

export function codeForm(code: WonCode): Record<string, string> {
  return {
    grant_type: 'authorization_code',
    code: code.code,
    redirect_uri: code.redirectUri,
    code_verifier: code.codeVerifier,
  };
}

export function keepTokens(context: OperationContext, client: ClientRecord, tokens: Tokens): TokenRef[] {
  const { vault } = context.actor;
  const { scope } = tokens;
  const access = vault.keep(tokens.accessToken, { kind: 'token', token: tokens.accessToken, client });
  const refs: TokenRef[] = [{ id: access, kind: 'access_token', expiresAtMs: tokens.accessExpiresAtMs, scope }];
  if (tokens.refreshToken !== undefined) {
    const refresh = vault.keep(tokens.refreshToken, { kind: 'token', token: tokens.refreshToken, client });
    refs.push({ id: refresh, kind: 'refresh_token', scope });
  }
  return refs;
}

/** `sub`, `iss` and the signature of an id token are promises too. */
export async function lookAtIdToken(
  context: OperationContext,
  client: ClientRecord,
  subject: string,
  idToken: string | undefined,
): Promise<void> {
  if (idToken === undefined) return;
  const { values, keys } = context.tools;
  const claims = readJwt(idToken)?.claims ?? {};
  lookAtSubject(context, client, subject, String(claims['sub']));
  const issuer = values.check('issuer', 'id token', String(claims['iss']));
  if (issuer !== undefined) context.witness(issuer, 'changed', hashedId(String(claims['iss'])));
  if ((await keys.problemOf(idToken)) !== undefined) {
    context.witness('signing_key_changed', 'changed', hashedId(idToken));
  }
}

export function lookAtSubject(context: OperationContext, client: ClientRecord, subject: string, sub: string): void {
  const owner = `${hashedId(client.id)} ${subject}`;
  const seen = createHash('sha256').update(sub).digest('hex');
  const changed = context.tools.values.check('subject', owner, seen);
  if (changed !== undefined) context.witness(changed, 'changed', hashedId(owner));
}

/** A user of this actor. New ones come up, so that no list of consents grows without end. */
export function someSubject(context: OperationContext): string {
  const { subjects, random } = context.actor;
  if (subjects.length < SUBJECTS_IN_USE || random.below(GRANTS_PER_SUBJECT) === 0) {
    subjects.push(context.actor.nextName('user'));
  }
  return random.pick(subjects.slice(-SUBJECTS_IN_USE)) ?? context.actor.nextName('user');
}

const OWN_CLIENT_SHARE = 0.35;

export function someClient(context: OperationContext): ClientRecord {
  const { random, ownClients } = context.actor;
  const own = random.next() < OWN_CLIENT_SHARE ? random.pick(ownClients) : undefined;
  return own ?? random.pick(context.tools.shared.forUsers) ?? context.tools.shared.pairwise;
}

/** A login in a browser that was never here, code, tokens. */
export async function newGrant(context: OperationContext): Promise<OperationResult> {
  const { http } = context.tools.api;
  const walk = new LoginWalk(http, someClient(context), new Browser(http));
  const won = await winCode(context, walk, someSubject(context));
  return typeof won === 'string' ? won : resultOf(await redeem(context, won));
}

/** A login in the user's own browser that is remembered: the first one shows pages, later ones do not. */
export async function signOnGrant(context: OperationContext): Promise<OperationResult> {
  const { http } = context.tools.api;
  const subject = someSubject(context);
  const signOn = signOnOf(context, subject);
  const client = context.actor.random.pick(context.tools.shared.forUsers) ?? context.tools.shared.pairwise;
  const won = await winCode(context, new LoginWalk(http, client, signOn.browser), subject, signOn);
  return typeof won === 'string' ? won : resultOf(await redeem(context, won, signOn));
}

function signOnOf(context: OperationContext, subject: string): SingleSignOn {
  const known = context.actor.signOns.get(subject);
  if (known !== undefined) return known;
  const browser = new Browser(context.tools.api.http);
  const fresh: SingleSignOn = { subject, browser, session: undefined, idToken: undefined };
  context.actor.signOns.set(subject, fresh);
  return fresh;
}

/** `prompt=none` where session and consent are remembered: a code without any page. */
export async function silentGrant(context: OperationContext): Promise<OperationResult> {
  const { actor, tools } = context;
  const able = [...actor.signOns.values()].flatMap((signOn) => {
    if (signOn.session === undefined) return [];
    const client = tools.shared.forUsers.find((candidate) => isRemembered(context, signOn.subject, candidate));
    return client === undefined ? [] : [{ signOn, client }];
  });
  const chosen = actor.random.pick(able);
  if (chosen === undefined) return 'nothing';
  return silentGrantOf(context, chosen.signOn, chosen.client);
}

export async function silentGrantOf(
  context: OperationContext,
  signOn: SingleSignOn,
  client: ClientRecord,
): Promise<OperationResult> {
  const walk = new LoginWalk(context.tools.api.http, client, signOn.browser, 'none');
  const won = await winCode(context, walk, signOn.subject, signOn);
  return typeof won === 'string' ? won : resultOf(await redeem(context, won, signOn));
}

export function isRemembered(context: OperationContext, subject: string, client: ClientRecord): boolean {
  const key = factKey('remembered_consent', `${subject} ${hashedId(client.id)}`);
  return context.actor.ledger.get(key)?.expected === 'present';
}

export function resultOf(redeemed: Chain | Outcome): Outcome {
  return typeof redeemed === 'string' ? redeemed : 'ok';
}
