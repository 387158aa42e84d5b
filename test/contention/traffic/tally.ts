import { checkHistory } from '../history/check-history';
import { contendedOf, describeOperation } from '../history/operation';
import { type GrantRequests } from './grant-requests';

/** So many histories that are wrong are kept whole; more of them say nothing new. */
const SHOWN_MAX = 5;

/** What the contended traffic was, and what it shows. */
export class Tally {
  grants = 0;
  operations = 0;
  contended = 0;
  undecided = 0;
  broken = 0;
  /** Histories that are wrong, for people. */
  readonly shown: string[] = [];
  /** How often what was answered, by kind; those that ran alone apart. */
  readonly answers = new Map<string, number>();
  readonly logins = new Map<string, number>();

  /** Judges a grant whose life is over. */
  judge({ recorded, history }: GrantRequests): void {
    this.grants += 1;
    this.operations += history.length;
    const contended = new Set(contendedOf(history));
    this.contended += contended.size;
    for (const { operation, why } of recorded) {
      const how = contended.has(operation) ? 'contended' : 'alone';
      count(this.answers, `${how} ${operation.kind}: ${why ?? operation.answer.is}`);
    }
    const verdict = checkHistory(history);
    if (verdict.is === 'undecided') this.undecided += 1;
    if (verdict.is !== 'broken') return;
    this.broken += 1;
    if (this.shown.length >= SHOWN_MAX) return;
    const lines = [...history].sort((one, other) => one.at - other.at).map(describeOperation);
    this.shown.push(
      [`nothing explains, after ${verdict.placed} of ${history.length}:`, ...verdict.stuck, 'of:', ...lines].join(
        '\n    ',
      ),
    );
  }

  failedLogin(failure: string): void {
    count(this.logins, failure);
  }
}

function count(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
