/** What is asked of Hydra, as far as calls are counted to find who goes past the gateways. `implicit`: an authorization that issues a token. */
export const CALL_KINDS = [
  'authorize',
  'implicit',
  'token',
  'revocation',
  'userinfo',
  'logout',
  'introspection',
  'requests',
  'sessions',
  'clients',
  'registration',
] as const;
export type CallKind = (typeof CALL_KINDS)[number];
export type Calls = Readonly<Partial<Record<CallKind, number>>>;

/** What one gateway has sent to one side since it started. `abandoned`: no whole answer came, and Hydra may have done it all the same. */
export interface GatewayCalls {
  /** Unix time in seconds: which process counts. */
  readonly startedAt: number;
  readonly sent: Calls;
  readonly answered: Calls;
  readonly abandoned: Calls;
}

/** What one Hydra has answered since it started. */
export interface HydraCalls {
  readonly startedAt: number;
  readonly answered: Calls;
}

/** What the change log shows of confirmed writes. */
export const LOGGED_WRITES = ['tokens issued', 'logins begun', 'changes of clients'] as const;
export type LoggedWrite = (typeof LOGGED_WRITES)[number];

/** The calls that each of them comes from, one at most from each. */
const CAUSES: Readonly<Record<LoggedWrite, readonly CallKind[]>> = {
  'tokens issued': ['token', 'implicit'],
  'logins begun': ['authorize', 'implicit'],
  'changes of clients': ['clients', 'registration'],
};
/** What targets ask Hydra for; paths with writes among them, which the change log tells. */
const READ_BY_TARGETS: readonly CallKind[] = ['introspection', 'userinfo', 'requests', 'sessions', 'clients'];
/** Hydra does not tell these two apart. */
const TOGETHER: Readonly<Partial<Record<CallKind, readonly CallKind[]>>> = { authorize: ['authorize', 'implicit'] };

/** Everything that counts, read one after the other: gateways and probes before what they caused in the first sample, after it in the second. */
export interface CallersSample {
  readonly gateways: readonly { readonly name: string; readonly calls: GatewayCalls | string }[];
  /** Of the worker's own, to that side. */
  readonly probes: Calls;
  /** By address; a text says why it is not known. */
  readonly hydras: readonly { readonly at: string; readonly calls: HydraCalls | string }[];
}

/** What was done past the gateways, in a span of time or in several. Plain JSON. */
export interface CallersReceipt {
  /** Watched in all. */
  readonly spanMs: number;
  readonly beyond: readonly Beyond[];
  /** Reads that targets, which ask Hydra themselves until they are flipped, may have made. */
  readonly ofTargets?: readonly Beyond[];
  /** Why somebody may have gone unseen; each once. */
  readonly unknown: readonly string[];
}

export interface Beyond {
  readonly by: 'change log' | 'Hydra';
  readonly what: LoggedWrite | CallKind;
  /** More than the gateways sent and this worker asked; it may be more. */
  readonly count: number;
}

export const NOBODY_WATCHED: CallersReceipt = { spanMs: 0, beyond: [], unknown: [] };

/**
 * Compares what was done with what the gateways sent, between two samples. What they sent is an upper bound: calls that were under way at the
 * first sample count, and those that were given up shortly before, so that nobody is blamed for a client that left.
 *
 * A gateway or Hydra that started anew, or does not count, makes the span unknown; it is never evidence of anything.
 * @param hasTargets there are some that may ask blue's Hydra themselves: their reads are no evidence of anybody else
 * @param logged writes that the change log got meanwhile; null: there is none
 * @param earlier the sample before `before`, if there is one
 */
export function callersBetween(
  {
    earlier,
    before,
    after,
    hasTargets = false,
  }: {
    readonly earlier?: CallersSample;
    readonly before: CallersSample;
    readonly after: CallersSample;
    readonly hasTargets?: boolean;
  },
  logged: Readonly<Record<LoggedWrite, number>> | null,
  spanMs: number,
): CallersReceipt {
  const unknown: string[] = [];
  const sent = sentBetween(earlier, before, after, unknown);
  if (sent === undefined) return { spanMs: 0, beyond: [], unknown };
  const beyond: Beyond[] = [];
  const ofTargets: Beyond[] = [];
  for (const what of LOGGED_WRITES) {
    const count = (logged?.[what] ?? 0) - sumOf(sent, CAUSES[what]);
    if (count > 0) beyond.push({ by: 'change log', what, count });
  }
  const answered = answeredBetween(before, after, unknown);
  for (const what of CALL_KINDS) {
    if (what === 'implicit') continue;
    const count = (answered[what] ?? 0) - sumOf(sent, TOGETHER[what] ?? [what]);
    if (count <= 0) continue;
    if (hasTargets && READ_BY_TARGETS.includes(what)) ofTargets.push({ by: 'Hydra', what, count });
    else beyond.push({ by: 'Hydra', what, count });
  }
  return { spanMs, beyond, ...(ofTargets.length > 0 && { ofTargets }), unknown };
}

/** Spans that follow each other. */
export function addCallers(first: CallersReceipt, second: CallersReceipt): CallersReceipt {
  const ofTargets = addBeyond(first.ofTargets ?? [], second.ofTargets ?? []);
  return {
    spanMs: first.spanMs + second.spanMs,
    beyond: addBeyond(first.beyond, second.beyond),
    ...(ofTargets.length > 0 && { ofTargets }),
    unknown: [...new Set([...first.unknown, ...second.unknown])],
  };
}

function addBeyond(first: readonly Beyond[], second: readonly Beyond[]): readonly Beyond[] {
  const sums = new Map<string, Beyond>();
  for (const each of [...first, ...second]) {
    const key = `${each.by} ${each.what}`;
    sums.set(key, { ...each, count: each.count + (sums.get(key)?.count ?? 0) });
  }
  return [...sums.values()];
}

/** What to do about somebody who was seen. */
export const GO_THROUGH =
  'find who calls Hydra itself, and let it go through the gateways; it is not held, and reads what is over once green serves';

export function beyondText({ by, what, count }: Beyond): string {
  return by === 'change log'
    ? `blue's change log has ${count} more ${what} than the gateways sent requests for`
    : `blue's Hydra answered ${count} more requests (${what}) than the gateways and this worker sent`;
}

function sentBetween(
  earlier: CallersSample | undefined,
  before: CallersSample,
  after: CallersSample,
  unknown: string[],
): Calls | undefined {
  const total: Partial<Record<CallKind, number>> = {};
  const add = (calls: Calls, factor: 1 | -1 = 1) => {
    for (const kind of CALL_KINDS) total[kind] = (total[kind] ?? 0) + factor * (calls[kind] ?? 0);
  };
  let isKnown = after.gateways.length > 0;
  if (!isKnown) unknown.push('no gateway is listed that counts requests');
  for (const { name, calls: now } of after.gateways) {
    const was = callsOf(before, name);
    const why = whyUnknown(name, was, now);
    if (why !== null) {
      unknown.push(why);
      isKnown = false;
    } else if (typeof now !== 'string' && typeof was === 'object') {
      add(now.sent);
      // Sent before, and not answered then; without those that were given up so long ago that Hydra is through with them.
      add(was.answered, -1);
      const known = earlier && callsOf(earlier, name);
      if (typeof known === 'object' && known.startedAt === was.startedAt) add(known.abandoned, -1);
    }
  }
  add(after.probes);
  add(before.probes, -1);
  return isKnown ? total : undefined;
}

function callsOf({ gateways }: CallersSample, name: string): GatewayCalls | string | undefined {
  return gateways.find((each) => each.name === name)?.calls;
}

function whyUnknown(name: string, was: GatewayCalls | string | undefined, now: GatewayCalls | string): string | null {
  for (const each of [was, now]) if (typeof each === 'string') return `gateway ${name}: ${each}`;
  if (typeof was !== 'object' || typeof now === 'string') return `gateway ${name} was not there before`;
  return was.startedAt === now.startedAt ? null : `gateway ${name} was started anew, and counts from 0`;
}

function answeredBetween(before: CallersSample, after: CallersSample, unknown: string[]): Calls {
  const total: Partial<Record<CallKind, number>> = {};
  const { hydras } = after;
  if (hydras.length === 0) unknown.push("blue's Hydra was not asked what it counts");
  const silent = hydras.flatMap(({ at, calls }) => (typeof calls === 'string' ? [`${at}: ${calls}`] : []));
  if (silent.length > 0) {
    const told = silent.join(', ');
    unknown.push(
      `partial: ${hydras.length - silent.length} of ${hydras.length} metrics addresses of blue answer (${told})`,
    );
  }
  for (const { at, calls: now } of hydras) {
    if (typeof now === 'string') continue;
    const was = before.hydras.find((each) => each.at === at)?.calls;
    if (typeof was !== 'object') continue;
    if (was.startedAt !== now.startedAt) {
      unknown.push(
        `partial: ${at} is not the process that answered before: it was started anew, or several are behind that address; list each in blue.metricsUrls`,
      );
      continue;
    }
    for (const kind of CALL_KINDS) {
      total[kind] = (total[kind] ?? 0) + Math.max(0, (now.answered[kind] ?? 0) - (was.answered[kind] ?? 0));
    }
  }
  return total;
}

function sumOf(calls: Calls, kinds: readonly CallKind[]): number {
  return kinds.reduce((sum, kind) => sum + (calls[kind] ?? 0), 0);
}
