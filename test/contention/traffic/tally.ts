import { checkHistory } from '../history/check-history';
import { contendedOf, describeOperation, type Operation, type OperationKind } from '../history/operation';
import { type GrantRequests } from './grant-requests';

/** So many histories that are wrong are kept whole; more of them say nothing new. */
const SHOWN_MAX = 3;

/**
 * Answers that each Hydra gives by itself where two writes of one grant meet: two transactions of which one is given up. Anything
 * else without a clear outcome, or one of these without a race, is a failed request.
 */
const BY_HYDRA_ITSELF: Readonly<Partial<Record<OperationKind, readonly string[]>>> = {
  redeem: ['500 server_error'],
  refresh: ['500 server_error'],
  // 1.11.10 says so too when it is asked to revoke what is not active any more.
  revoke: ['503 temporarily_unavailable'],
  deleteConsent: ['500 error'],
  deleteClient: ['500 error'],
};

/** Plain JSON, so that it crosses processes and can be kept in a file. */
export interface TallySummary {
  readonly grants: number;
  /** Of these, with requests before a switchover and after it. */
  readonly spanning: number;
  readonly operations: number;
  /** Of these, under way while writes were held. */
  readonly crossing: number;
  readonly contended: number;
  readonly undecided: number;
  readonly broken: number;
  /** Logins that were under way at a switchover and begin anew. */
  readonly begunAnew: number;
  readonly failed: number;
  readonly failures: Readonly<Record<string, number>>;
  readonly answers: Readonly<Record<string, number>>;
  readonly longestHistory: number;
  /** Histories that are wrong, for people; labels stand for tokens. */
  readonly shown: readonly string[];
}

/** On the clock of the histories. */
interface Failure {
  readonly what: string;
  readonly at: number;
  readonly endedAt: number;
}

export interface FailedLogin {
  readonly failure: string;
  readonly begunAnew: boolean;
  readonly at: number;
  readonly endedAt: number;
}

export const EMPTY_TALLY: TallySummary = {
  ...{
    grants: 0,
    spanning: 0,
    operations: 0,
    crossing: 0,
    contended: 0,
    undecided: 0,
    broken: 0,
    begunAnew: 0,
    failed: 0,
  },
  ...{ failures: {}, answers: {}, longestHistory: 0, shown: [] },
};

/** What contended traffic was, and what it shows. */
export class Tally {
  #sum: TallySummary = EMPTY_TALLY;
  readonly #moves: { readonly from: number; readonly to: number }[] = [];
  readonly #failures: Failure[] = [];

  get summary(): TallySummary {
    const failures: Record<string, number> = {};
    // Only now, because a switchover's moments are known when it is over.
    for (const { what, at, endedAt } of this.#failures)
      count(failures, `${what}, ${this.#when(at, endedAt)} the switchover`);
    return { ...this.#sum, failed: this.#failures.length, failures };
  }

  /** Writes were held between these two moments of the histories' clock. */
  moved(from: number, to: number): void {
    this.#moves.push({ from, to });
  }

  /** Judges a grant whose life is over. */
  judge({ recorded, history }: GrantRequests): void {
    const contended = new Set(contendedOf(history));
    const verdict = checkHistory(history);
    const answers: Record<string, number> = {};
    for (const { operation, why, endedAt } of recorded) {
      const isContended = contended.has(operation);
      const { kind, answer } = operation;
      count(answers, `${isContended ? 'contended' : 'alone'} ${kind}: ${why ?? answer.is}`);
      if (why !== undefined && !(isContended && BY_HYDRA_ITSELF[kind]?.includes(why) === true))
        this.#failures.push({ what: `${kind}: ${why}`, at: operation.at, endedAt });
    }
    this.#add({
      ...EMPTY_TALLY,
      grants: 1,
      spanning: this.#spans(history) ? 1 : 0,
      operations: history.length,
      crossing: history.filter(({ at, until }) => this.#moves.some(({ from, to }) => at < to && until > from)).length,
      contended: contended.size,
      undecided: verdict.is === 'undecided' ? 1 : 0,
      broken: verdict.is === 'broken' ? 1 : 0,
      answers,
      longestHistory: history.length,
      shown: verdict.is === 'broken' ? [shown(history, verdict.placed, verdict.stuck)] : [],
    });
  }

  /** A life that ended before its grant began. */
  login({ failure, begunAnew, at, endedAt }: FailedLogin): void {
    if (begunAnew) this.#add({ ...EMPTY_TALLY, begunAnew: 1 });
    else this.#failures.push({ what: failure, at, endedAt });
  }

  #when(at: number, endedAt: number): 'before' | 'in' | 'after' {
    if (this.#moves.every(({ from }) => endedAt < from)) return 'before';
    return this.#moves.some(({ to }) => at <= to) ? 'in' : 'after';
  }

  #add(more: TallySummary): void {
    this.#sum = addTallies(this.#sum, more);
  }

  #spans(history: readonly Operation[]): boolean {
    return this.#moves.some(
      ({ from, to }) =>
        history.some(({ at }) => at < from) && history.some(({ until }) => until > to && until < Infinity),
    );
  }
}

export function addTallies(one: TallySummary, other: TallySummary): TallySummary {
  const sum = (key: Exclude<keyof TallySummary, 'failures' | 'answers' | 'shown'>) => one[key] + other[key];
  return {
    grants: sum('grants'),
    spanning: sum('spanning'),
    operations: sum('operations'),
    crossing: sum('crossing'),
    contended: sum('contended'),
    undecided: sum('undecided'),
    broken: sum('broken'),
    begunAnew: sum('begunAnew'),
    failed: sum('failed'),
    failures: addCounts(one.failures, other.failures),
    answers: addCounts(one.answers, other.answers),
    longestHistory: Math.max(one.longestHistory, other.longestHistory),
    shown: [...one.shown, ...other.shown].slice(0, SHOWN_MAX),
  };
}

function addCounts(one: Readonly<Record<string, number>>, other: Readonly<Record<string, number>>) {
  const sum: Record<string, number> = { ...one };
  for (const [key, value] of Object.entries(other)) sum[key] = (sum[key] ?? 0) + value;
  return sum;
}

function count(counts: Record<string, number>, key: string): void {
  counts[key] = (counts[key] ?? 0) + 1;
}

function shown(history: readonly Operation[], placed: number, stuck: readonly string[]): string {
  const lines = [...history].sort((one, other) => one.at - other.at).map(describeOperation);
  return [`after ${placed} of ${history.length} nothing explains`, ...stuck, 'in', ...lines].join('\n    ');
}
