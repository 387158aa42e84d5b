import { hostname } from 'node:os';
import { type PostgresLogin } from '../../adapters/postgres/open-connection';
import { CutoverFault } from '../../domain/faults';
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
  /** The side that would be left: its arbiter decides. */
  readonly blue: PostgresLogin;
  /** Asked before a commit is followed. Without it only the orchestrator, or a finalized cutover, ends such a doubt. */
  readonly green: PostgresLogin | undefined;
}

const UNKNOWN: DoubtAnswer = { verdict: 'unknown' };

/**
 * Claims at blue's arbiter, or looks there when no epoch is in question. One short session for each question, none is kept.
 *
 * A database that is away, or that answers anything unexpected, rejects: the gateway takes that for `unknown` and asks again.
 */
export function doubtOverPostgres(options: DoubtOverPostgresOptions): ResolveDoubt {
  return async (question) => {
    if (question.epoch === null) return howThingsStand(options, question.appliedEpoch);
    const verdict = await claim(options, question);
    if (verdict === 'aborted' || verdict === 'no_cutover') return { verdict };
    return newestCommit(options, await askOutcome(options.blue, options), question.epoch);
  };
}

/** Looks before a hold, and claims nothing. */
export function attemptOverPostgres(options: DoubtOverPostgresOptions): FindAttempt {
  return async (epoch) => {
    try {
      return (await askArbiter(options.blue, options, 'prepares($1::bigint)', [epoch])) === true;
    } catch (error) {
      if (isWithoutArbiter(error)) return false;
      throw error;
    }
  };
}

/**
 * Green's word counts for more than blue's: it says that it takes writes. Where green says nothing, or has no arbiter any more, that blue
 * committed is enough, because whoever tells it has seen green open.
 */
export function commitOverPostgres(options: DoubtOverPostgresOptions): ConfirmCommitted {
  return async (epoch) => {
    const green = await greenOutcome(options);
    if (green !== 'none' && green !== 'silent') return green.serves === epoch;
    try {
      const blue = await askOutcome(options.blue, options);
      return blue !== 'none' && blue.committed === epoch;
    } catch (error) {
      throw new CutoverFault(
        'DB_UNREACHABLE',
        `neither database of \`doubt\` tells whether epoch ${epoch} was committed, so this gateway does not believe it yet; make one of them reachable and repeat`,
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
    const answer = await askArbiter(options.blue, options, 'claim_epoch($1::bigint, $2::bigint, $3::text)', values);
    return VERDICTS.find((known) => known === answer) ?? 'unknown';
  } catch (error) {
    if (isWithoutArbiter(error)) return 'no_cutover';
    throw error;
  }
}

/** For a gateway that has nothing undecided: it is new, or was started again between cutovers. */
async function howThingsStand(options: DoubtOverPostgresOptions, appliedEpoch: number): Promise<DoubtAnswer> {
  const asked = await askOutcome(options.blue, options).catch((error: unknown) => ({ error }));
  if (typeof asked === 'object' && 'error' in asked) {
    // Green's own word needs no other.
    const answer = await newestCommit(options, 'none', appliedEpoch);
    if (answer.verdict === 'unknown') throw asked.error;
    return answer;
  }
  if (asked === 'none') {
    // Blue was restored, perhaps, or is another database: that it knows nothing is worth less than what green knows.
    const answer = await newestCommit(options, asked, appliedEpoch);
    return answer.verdict === 'unknown' ? { verdict: 'no_cutover' } : answer;
  }
  if (asked.side !== 'blue' || asked.living !== null) return UNKNOWN;
  const { committed } = asked;
  if (committed !== null && committed > appliedEpoch) return newestCommit(options, asked, committed);
  return { verdict: 'aborted' };
}

/**
 * @param blue what blue says
 * @returns the commit of `from` or a newer epoch that green serves, by its own word, or by that of a blue that saw everybody there before
 *   green's arbiter was taken away
 */
async function newestCommit(
  options: DoubtOverPostgresOptions,
  blue: SeenOutcome | 'none',
  from: number,
): Promise<DoubtAnswer> {
  const green = await greenOutcome(options);
  const said = green === 'none' || green === 'silent' ? finalizedAt(blue) : green.serves;
  return said !== null && said > 0 && said >= from ? { verdict: 'committed', epoch: said, side: 'green' } : UNKNOWN;
}

function finalizedAt(blue: SeenOutcome | 'none'): number | null {
  return blue !== 'none' && blue.finalized ? blue.committed : null;
}

/** @returns `silent` when it is not configured, or does not answer as an arbiter of green does */
async function greenOutcome(options: DoubtOverPostgresOptions): Promise<SeenOutcome | 'none' | 'silent'> {
  if (options.green === undefined) return 'silent';
  const seen = await askOutcome(options.green, options).catch(() => 'silent' as const);
  return typeof seen === 'object' && seen.side !== 'green' ? 'silent' : seen;
}
