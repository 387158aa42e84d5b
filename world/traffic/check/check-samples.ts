import { type Fact } from '../oracle/fact';
import { type Actor } from '../population/actor';
import { type OperationContext, type OperationResult } from '../operations/context';
import { codeForm, isRemembered, silentGrantOf } from '../operations/grants';
import { refreshChain } from '../operations/tokens';
import { type VerdictBuilder } from '../oracle/verdict';
import { untilUsable } from './check-actor';

export interface SampleSettings {
  readonly refreshes: number;
  readonly deadRefreshes: number;
  readonly silentGrants: number;
  readonly deadCodes: number;
}

interface Settings extends SampleSettings {
  readonly askAgainMs: number;
}

/**
 * Promises that can only be checked by using them: a refresh token is spent and replaced, a remembered consent gives a new
 * grant, dead refresh tokens and codes are presented. New promises made here are booked like any others.
 */
export async function checkSamples(
  context: OperationContext,
  builder: VerdictBuilder,
  settings: Settings,
): Promise<void> {
  await sampleRefreshes(context, builder, settings.refreshes);
  await sampleRemembered(context, builder, settings.silentGrants);
  await sampleDead(context, builder, 'refresh_token', settings.deadRefreshes, settings.askAgainMs);
  await sampleDead(context, builder, 'code', settings.deadCodes, settings.askAgainMs);
}

async function sampleRefreshes(context: OperationContext, builder: VerdictBuilder, count: number): Promise<void> {
  for (const chain of shuffled(context, context.actor.chains).slice(0, count)) {
    builder.countChecked('refresh_token');
    countLost(builder, 'refresh', await refreshChain(context, chain));
  }
}

async function sampleRemembered(context: OperationContext, builder: VerdictBuilder, count: number): Promise<void> {
  const { actor, tools } = context;
  const clients = [tools.shared.pairwise, ...tools.shared.forUsers];
  const able = [...actor.signOns.values()].flatMap((signOn) => {
    const client = clients.find((candidate) => isRemembered(context, signOn.subject, candidate));
    return signOn.session === undefined || client === undefined ? [] : [{ signOn, client }];
  });
  for (const { signOn, client } of shuffled(context, able).slice(0, count)) {
    builder.countChecked('remembered_consent');
    const result = await silentGrantOf(context, signOn, client);
    if (result === 'refused') context.witness('remembered_consent_lost', 'confirmedButLost', signOn.session ?? '');
    countLost(builder, 'silent grant', result);
  }
}

/** Only of grants that are dead altogether: presenting a spent token of a live one would kill it. */
async function sampleDead(
  context: OperationContext,
  builder: VerdictBuilder,
  kind: 'refresh_token' | 'code',
  count: number,
  askAgainMs: number,
): Promise<void> {
  const { actor, tools } = context;
  const dead = [...actor.ledger.all()].filter((fact) => fact.kind === kind && isDeadGrant(actor, fact));
  for (const fact of shuffled(context, dead).slice(0, count)) {
    const kept = actor.vault.get(fact.id);
    const form =
      kept?.kind === 'token'
        ? { grant_type: 'refresh_token', refresh_token: kept.token }
        : kept?.kind === 'code'
          ? codeForm({ ...kept, nonce: '' })
          : undefined;
    if (form === undefined || (kept?.kind !== 'token' && kept?.kind !== 'code')) continue;
    builder.countChecked(kind);
    const operation = `check dead ${kind === 'code' ? 'code' : 'refresh token'}`;
    // What is dead stays so however often it is presented.
    const present = () => tools.api.token(operation, kept.client, form);
    const answer = await untilUsable(askAgainMs, present, ({ kind: of }) => of !== 'lost');
    if (answer.kind === 'lost') builder.countUnobserved(`${operation}: ${answer.reason}`);
    const name = kind === 'code' ? 'dead_code_accepted' : 'refresh_token_revived';
    if (answer.kind === 'ok') context.witness(name, 'revokedButActive', fact.id, fact.key);
  }
}

function isDeadGrant(actor: Actor, fact: Fact): boolean {
  return actor.ledger.chain(fact.chain ?? '').every((other) => other.expected === 'absent');
}

function countLost(builder: VerdictBuilder, what: string, result: OperationResult): void {
  if (result === 'lost') builder.countUnobserved(what);
}

function shuffled<Item>(context: OperationContext, items: readonly Item[]): Item[] {
  const { random } = context.actor;
  return items
    .map((item) => ({ item, order: random.next() }))
    .sort((a, b) => a.order - b.order)
    .map(({ item }) => item);
}
