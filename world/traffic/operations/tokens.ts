import { type Fact, factKey } from '../oracle/fact';
import { hashedId } from '../oracle/hashed-id';
import { type Chain } from '../population/actor';
import { JWT_BEARER_GRANT } from '../population/shared-clients';
import { type OperationContext, type OperationResult } from './context';
import { codeForm, keepTokens, lookAtIdToken, lookAtSubject } from './grants';

const SKEW_MS = 5_000;
const DEAD_SHARE = 0.3;
const REVOKE_SHARE = 0.3;
const RECENT = 200;

export function someChain(context: OperationContext, fits: (chain: Chain) => boolean = () => true): Chain | undefined {
  return context.actor.random.pick(context.actor.chains.filter(fits));
}

function hasAccess(context: OperationContext): (chain: Chain) => boolean {
  return (chain) => {
    const fact = context.actor.ledger.get(factKey('access_token', hashedId(chain.accessToken)));
    return fact?.expected === 'present' && (fact.expiresAtMs ?? 0) - Date.now() > SKEW_MS;
  };
}

export async function refresh(context: OperationContext): Promise<OperationResult> {
  const chain = someChain(context);
  return chain === undefined ? 'nothing' : refreshChain(context, chain);
}

export async function refreshChain(context: OperationContext, chain: Chain): Promise<OperationResult> {
  const { actor, tools } = context;
  const answer = await tools.api.refresh(chain.client, chain.refreshToken);
  if (answer.kind !== 'ok') {
    // After a lost answer the old token may be spent, and presenting it again would be reuse.
    actor.dropChains((other) => other === chain);
    const id = hashedId(chain.refreshToken);
    if (answer.kind === 'refused')
      context.witness('refresh_refused', 'activeButRefused', id, factKey('refresh_token', id));
    return context.settle(answer, { type: 'chain_rotated', chain: chain.id, tokens: [] });
  }
  const tokens = answer.value;
  context.confirm({ type: 'chain_rotated', chain: chain.id, tokens: keepTokens(context, chain.client, tokens) });
  chain.spentRefreshToken = chain.refreshToken;
  chain.accessToken = tokens.accessToken;
  chain.refreshToken = tokens.refreshToken ?? '';
  await lookAtIdToken(context, chain.client, chain.subject, tokens.idToken);
  return 'ok';
}

async function revokeBy(context: OperationContext, kind: 'accessToken' | 'refreshToken'): Promise<OperationResult> {
  const chain = someChain(context, kind === 'accessToken' ? hasAccess(context) : undefined);
  if (chain === undefined) return 'nothing';
  const answer = await context.tools.api.revoke(chain.client, chain[kind]);
  // Refused: still the client's to use. Lost: unknown, so not used again.
  if (answer.kind !== 'refused') context.actor.dropChains((other) => other === chain);
  return context.settle(answer, { type: 'chain_ended', chain: chain.id, cause: context.name });
}

export const revokeRefreshToken = (context: OperationContext) => revokeBy(context, 'refreshToken');
export const revokeAccessToken = (context: OperationContext) => revokeBy(context, 'accessToken');

/** A stolen refresh token is presented: refused, and the whole chain with it. */
export async function reuseRefreshToken(context: OperationContext): Promise<OperationResult> {
  const chain = someChain(context, (candidate) => candidate.spentRefreshToken !== undefined);
  const spent = chain?.spentRefreshToken;
  if (chain === undefined || spent === undefined) return 'nothing';
  const answer = await context.tools.api.refresh(chain.client, spent, 'reuse refresh token');
  context.actor.dropChains((other) => other === chain);
  const id = hashedId(spent);
  if (answer.kind === 'ok')
    context.witness('refresh_token_revived', 'revokedButActive', id, factKey('refresh_token', id));
  return expectRefusal(context, answer.kind, chain.id, answer);
}

/** A stolen code is presented after its client used it: refused, and the whole chain with it. */
export async function reuseCode(context: OperationContext): Promise<OperationResult> {
  const chain = someChain(context);
  if (chain === undefined) return 'nothing';
  const answer = await context.tools.api.token('reuse code', chain.client, codeForm(chain.code));
  context.actor.dropChains((other) => other === chain);
  if (answer.kind === 'ok')
    context.witness('dead_code_accepted', 'revokedButActive', chain.id, factKey('code', chain.id));
  return expectRefusal(context, answer.kind, chain.id, answer);
}

function expectRefusal(
  context: OperationContext,
  kind: 'ok' | 'refused' | 'lost',
  chain: string,
  answer: Parameters<OperationContext['settle']>[0],
): OperationResult {
  const ended = { type: 'chain_ended', chain, cause: context.name } as const;
  if (kind === 'lost') return context.settle(answer, ended);
  context.confirm(ended);
  return kind === 'refused' ? 'ok' : 'refused';
}

/** What resource servers do all day: mostly live tokens, and dead ones, which must be dead at every moment. */
export async function introspect(context: OperationContext): Promise<OperationResult> {
  const { actor, tools } = context;
  const dead = actor.random.next() < DEAD_SHARE ? someDeadToken(context) : undefined;
  if (dead !== undefined) return introspectDead(context, dead);
  const chain = someChain(context, hasAccess(context));
  if (chain === undefined) return 'nothing';
  const answer = await tools.api.introspect(chain.accessToken);
  if (answer.kind !== 'ok') return context.fail(answer);
  const { active, clientId } = answer.value;
  if (active && clientId === chain.client.id) return 'ok';
  return context.fail({ kind: 'refused', status: 200, reason: active ? 'another client' : 'inactive' });
}

function someDeadToken(context: OperationContext): Fact | undefined {
  const { ledger, random } = context.actor;
  const tokens = [...ledger.all()].filter(
    (fact) => (fact.kind === 'access_token' || fact.kind === 'refresh_token') && fact.expected === 'absent',
  );
  return random.pick(tokens.slice(-RECENT));
}

async function introspectDead(context: OperationContext, fact: Fact): Promise<OperationResult> {
  const kept = context.actor.vault.get(fact.id);
  if (kept?.kind !== 'token') return 'nothing';
  const answer = await context.tools.api.introspect(kept.token);
  if (answer.kind !== 'ok') return context.fail(answer);
  if (!answer.value.active) return 'ok';
  const name = fact.kind === 'access_token' ? 'access_token_revived' : 'refresh_token_revived';
  context.witness(name, 'revokedButActive', fact.id, fact.key);
  return context.fail({ kind: 'refused', status: 200, reason: 'a dead token is active' });
}

export async function userinfo(context: OperationContext): Promise<OperationResult> {
  const chain = someChain(context, hasAccess(context));
  if (chain === undefined) return 'nothing';
  const answer = await context.tools.api.userinfo(chain.accessToken);
  if (answer.kind !== 'ok') return context.fail(answer);
  lookAtSubject(context, chain.client, chain.subject, answer.value.subject);
  return 'ok';
}

export async function callResource(context: OperationContext): Promise<OperationResult> {
  const { dependents } = context.tools;
  const chain = someChain(context, hasAccess(context));
  if (chain === undefined || dependents?.hasResourceApi !== true) return 'nothing';
  const answer = await dependents.callResource(chain.accessToken);
  return answer.kind === 'ok' ? 'ok' : context.fail(answer);
}

/** Access is allowed as long as the user's consent is listed: what a cleanup job that was told nonsense breaks. */
export async function checkPolicy(context: OperationContext): Promise<OperationResult> {
  const { dependents } = context.tools;
  const chain = someChain(context);
  if (chain === undefined || dependents?.hasPolicy !== true) return 'nothing';
  if (!chain.hasPolicy) {
    const put = await dependents.putPolicy(chain.subject, chain.client.id);
    if (put.kind !== 'ok') return context.fail(put);
    chain.hasPolicy = true;
  }
  const answer = await dependents.checkPolicy(chain.subject, chain.client.id);
  return answer.kind === 'ok' ? 'ok' : context.fail(answer);
}

/** A token without a user, sometimes revoked at once. */
async function machineToken(context: OperationContext, kind: 'machine' | 'bearer'): Promise<OperationResult> {
  const { api, shared } = context.tools;
  const client = shared[kind];
  const form = {
    scope: 'api',
    ...(kind === 'machine'
      ? { grant_type: 'client_credentials' }
      : { grant_type: JWT_BEARER_GRANT, assertion: shared.bearerAssertion() }),
  };
  const operation = kind === 'machine' ? 'client credentials' : 'jwt bearer';
  const answer = await api.token(operation, client, form);
  if (answer.kind !== 'ok') return context.fail(answer);
  const chain = hashedId(answer.value.accessToken);
  const tokens = keepTokens(context, client, answer.value);
  context.confirm({ type: 'tokens_issued', chain, client: hashedId(client.id), tokens });
  if (context.actor.random.next() >= REVOKE_SHARE) return 'ok';
  const revoked = await api.revoke(client, answer.value.accessToken);
  return context.settle(revoked, { type: 'chain_ended', chain, cause: 'revoke_machine_token' });
}

export const clientCredentials = (context: OperationContext) => machineToken(context, 'machine');
export const jwtBearer = (context: OperationContext) => machineToken(context, 'bearer');
