import { hostname } from 'node:os';
import { type PostgresLogin } from '../../adapters/postgres/open-connection';
import { CutoverFault } from '../../domain/faults';
import { type Direction } from '../../domain/sides';
import { type FindAttempt } from '../core/arbiter-lookout';
import {
  VERDICTS,
  type ConfirmCommitted,
  type DoubtAnswer,
  type DoubtQuestion,
  type ResolveDoubt,
  type Verdict,
} from '../core/doubt';
import { askArbiter, askOutcome, isWithoutArbiter, type QuestionLimits, type SeenOutcome } from './ask-arbiter';

/** The limits are for each question alone; a doubt asks at most three. */
export interface DoubtOverPostgresOptions extends QuestionLimits {
  readonly direction: Direction;
  /** The side that would be left: its arbiter decides. */
  readonly from: PostgresLogin;
  /** Asked before a commit is followed. Without it only the orchestrator, or a finalized cutover, ends such a doubt. */
  readonly to: PostgresLogin | undefined;
}

const UNKNOWN: DoubtAnswer = { verdict: 'unknown' };

/**
 * Claims at the arbiter of the side that would be left, or looks there when no epoch is in question. One short session for each question, none is kept.
 *
 * A database that is away, or that answers anything unexpected, rejects: the gateway takes that for `unknown` and asks again.
 */
export function doubtOverPostgres(options: DoubtOverPostgresOptions): ResolveDoubt {
  return async (question) => {
    if (question.epoch === null) return howThingsStand(options, question.appliedEpoch);
    const verdict = await claim(options, question);
    if (verdict === 'aborted' || verdict === 'no_cutover') return { verdict };
    return newestCommit(options, await askOutcome(options.from, options), question.epoch);
  };
}

/** Looks before a hold, and claims nothing. */
export function attemptOverPostgres(options: DoubtOverPostgresOptions): FindAttempt {
  return async (epoch) => {
    try {
      return (await askArbiter(options.from, options, 'prepares($1::bigint)', [epoch])) === true;
    } catch (error) {
      if (isWithoutArbiter(error)) return false;
      throw error;
    }
  };
}

/**
 * The word of the side that is entered counts for more: it says that it takes writes. Where it says nothing, or has no arbiter any more, that
 * the other one committed is enough, because whoever tells it has seen this one open.
 */
export function commitOverPostgres(options: DoubtOverPostgresOptions): ConfirmCommitted {
  return async (epoch) => {
    const entered = await enteredOutcome(options);
    if (entered !== 'none' && entered !== 'silent') return entered.serves === epoch;
    try {
      const left = await askOutcome(options.from, options);
      return left !== 'none' && left.committed === epoch;
    } catch (error) {
      throw new CutoverFault(
        'DB_UNREACHABLE',
        `neither database of \`doubt\` shows whether epoch ${epoch} was committed, so this gateway does not believe it yet; make one of them reachable and repeat`,
        { epoch },
        error,
      );
    }
  };
}

async function claim(options: DoubtOverPostgresOptions, question: DoubtQuestion): Promise<Verdict> {
  const { reason, epoch, appliedEpoch } = question;
  const by = `gateway ${hostname()} ${process.pid}, ${reason}`;
  const values = [epoch, appliedEpoch, by];
  try {
    const answer = await askArbiter(options.from, options, 'claim_epoch($1::bigint, $2::bigint, $3::text)', values);
    return VERDICTS.find((known) => known === answer) ?? 'unknown';
  } catch (error) {
    if (isWithoutArbiter(error)) return 'no_cutover';
    throw error;
  }
}

/** For a gateway that has nothing undecided: it is new, or was started again between cutovers. */
async function howThingsStand(options: DoubtOverPostgresOptions, appliedEpoch: number): Promise<DoubtAnswer> {
  const asked = await askOutcome(options.from, options).catch((error: unknown) => ({ error }));
  if (typeof asked === 'object' && 'error' in asked) {
    // The own word of the side that is entered needs no other.
    const answer = await newestCommit(options, 'none', appliedEpoch);
    if (answer.verdict === 'unknown') throw asked.error;
    return answer;
  }
  if (asked === 'none') {
    // It was restored, perhaps, or is another database: that it knows nothing is worth less than what the other side knows.
    const answer = await newestCommit(options, asked, appliedEpoch);
    return answer.verdict === 'unknown' ? { verdict: 'no_cutover' } : answer;
  }
  if (asked.side !== options.direction.from || asked.living !== null) return UNKNOWN;
  const { committed } = asked;
  if (committed !== null && committed > appliedEpoch) return newestCommit(options, asked, committed);
  return { verdict: 'aborted' };
}

/**
 * @param left what the side says that would be left
 * @returns the commit of `since` or a newer epoch that the other side serves, by its own word, or by that of the side that was left, which
 *   saw everybody there before the other arbiter was taken away
 */
async function newestCommit(
  options: DoubtOverPostgresOptions,
  left: SeenOutcome | 'none',
  since: number,
): Promise<DoubtAnswer> {
  const entered = await enteredOutcome(options);
  const said = entered === 'none' || entered === 'silent' ? finalizedAt(left) : entered.serves;
  if (said === null || said <= 0 || said < since) return UNKNOWN;
  return { verdict: 'committed', epoch: said, side: options.direction.to };
}

function finalizedAt(left: SeenOutcome | 'none'): number | null {
  return left !== 'none' && left.finalized ? left.committed : null;
}

/** @returns `silent` when it is not configured, or does not answer as the arbiter of that side does */
async function enteredOutcome(options: DoubtOverPostgresOptions): Promise<SeenOutcome | 'none' | 'silent'> {
  if (options.to === undefined) return 'silent';
  const seen = await askOutcome(options.to, options).catch(() => 'silent' as const);
  return typeof seen === 'object' && seen.side !== options.direction.to ? 'silent' : seen;
}
