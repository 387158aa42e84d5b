import { setTimeout as sleep } from 'node:timers/promises';
import { ask } from '../http/answer';
import { type Fact } from '../oracle/fact';
import { judge, type JudgeSettings } from '../oracle/judge';
import { type VerdictBuilder } from '../oracle/verdict';
import { type OperationContext } from '../operations/context';
import { inParallel } from './parallel';
import { type Reachability } from './reachability';
import { listedClients, observe, type Seen } from './observe';

export interface CheckSettings extends JudgeSettings {
  /** Shared by all actors of one check. */
  readonly reach: Reachability;
  /** Requests at a time for one actor. */
  readonly width: number;
  /** Before an absence is believed, the server is asked again. */
  readonly askAgainMs: number;
}

const ATTEMPTS = 3;

/** Asks about every promise of one actor. The actor must not be doing anything else. */
export async function checkFacts(
  context: OperationContext,
  builder: VerdictBuilder,
  settings: CheckSettings,
): Promise<void> {
  const facts = [...context.actor.ledger.all()];
  const consents = facts.filter((fact) => fact.kind === 'consent');
  const single = facts.filter((fact) => !['consent', 'remembered_consent', 'code'].includes(fact.kind));
  await inParallel(single, settings.width, (fact) =>
    checkFact(context, fact, builder, settings, () => observe(context, fact)),
  );
  const bySubject = new Map<string, Fact[]>();
  for (const fact of consents) {
    const subject = fact.subject ?? '';
    bySubject.set(subject, [...(bySubject.get(subject) ?? []), fact]);
  }
  await inParallel(bySubject, settings.width, ([subject, owned]) =>
    checkConsents(context, subject, owned, builder, settings),
  );
}

async function checkConsents(
  context: OperationContext,
  subject: string,
  facts: readonly Fact[],
  builder: VerdictBuilder,
  settings: CheckSettings,
): Promise<void> {
  let listed: Promise<ReadonlySet<string> | undefined> | undefined;
  for (const fact of facts) {
    await checkFact(context, fact, builder, settings, async (again) => {
      if (listed === undefined || again) listed = listedClients(context, subject);
      const clients = await listed;
      return clients === undefined ? undefined : { present: clients.has(fact.client ?? '') };
    });
  }
}

async function checkFact(
  context: OperationContext,
  fact: Fact,
  builder: VerdictBuilder,
  settings: CheckSettings,
  look: (again: boolean) => Promise<Seen | 'skip'>,
): Promise<void> {
  const { seen, atMs } = await lookPatiently(settings, look);
  if (seen === 'skip') return;
  builder.countChecked(fact.kind);
  if (seen === undefined) return builder.countUnobserved(fact.kind);
  const judgement = judge(fact, { key: fact.key, present: seen.present, atMs }, settings);
  if (judgement.outcome === 'undecided') return builder.countUndecided();
  if (judgement.outcome === 'pinned') {
    context.actor.ledger.pin({ key: fact.key, present: seen.present, atMs });
    return builder.countPinned();
  }
  if (seen.changed !== undefined && judgement.outcome === 'confirmed') {
    return builder.add(finding(fact, seen.changed, 'changed', atMs));
  }
  if (judgement.outcome === 'confirmed') return;
  // Hydra says "inactive" also when its database is away: an absence counts when the server is ready and repeats it.
  if (!seen.present) {
    const again = await lookAgain(context, settings, look);
    if (again === undefined) return builder.countUnobserved(`${fact.kind}, once it was absent`);
    if (again.present) return builder.countFlapped();
  }
  builder.add(finding(fact, judgement.name, judgement.class, atMs));
}

async function lookPatiently(
  { reach, askAgainMs }: CheckSettings,
  look: (again: boolean) => Promise<Seen | 'skip'>,
): Promise<{ readonly seen: Seen | 'skip'; readonly atMs: number }> {
  const lookOnce = async (again: boolean): Promise<{ readonly seen: Seen | 'skip'; readonly atMs: number }> => {
    const atMs = Date.now();
    if (reach.gaveUp) return { seen: undefined, atMs };
    const seen = await look(again);
    if (seen !== 'skip') reach.note(seen !== undefined);
    return { seen, atMs };
  };
  return untilUsable(askAgainMs, lookOnce, ({ seen }) => seen !== undefined || reach.gaveUp);
}

/** Asks a few times, where the answer says nothing. @returns the first that is usable, else the last */
export async function untilUsable<Answer>(
  askAgainMs: number,
  ask: (again: boolean) => Promise<Answer>,
  isUsable: (answer: Answer) => boolean,
): Promise<Answer> {
  for (let attempt = 1; ; attempt += 1) {
    const answer = await ask(attempt > 1);
    if (isUsable(answer) || attempt === ATTEMPTS) return answer;
    await sleep(askAgainMs);
  }
}

async function lookAgain(
  context: OperationContext,
  settings: CheckSettings,
  look: (again: boolean) => Promise<Seen | 'skip'>,
): Promise<Exclude<Seen, undefined> | undefined> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    await sleep(settings.askAgainMs);
    if (!(await isReady(context))) continue;
    const seen = await look(true);
    if (seen !== undefined && seen !== 'skip' && (await isReady(context))) return seen;
  }
  return undefined;
}

async function isReady(context: OperationContext): Promise<boolean> {
  const { http } = context.tools.api;
  const url = http.publicUrl('/health/ready');
  return (await ask(http, { operation: 'check ready', method: 'GET', url }, [200])).kind === 'ok';
}

function finding(
  fact: Fact,
  name: Parameters<VerdictBuilder['add']>[0]['name'],
  findingClass: Parameters<VerdictBuilder['add']>[0]['class'],
  atMs: number,
): Parameters<VerdictBuilder['add']>[0] {
  return {
    name,
    class: findingClass,
    id: fact.id,
    cause: fact.cause,
    promisedAt: new Date(fact.sinceMs).toISOString(),
    observedAt: new Date(atMs).toISOString(),
  };
}
