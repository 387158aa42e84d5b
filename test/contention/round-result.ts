import { z } from 'zod';
import { addTallies, EMPTY_TALLY, type TallySummary } from './traffic/tally';

const counts = z.record(z.string(), z.number());
const tallySchema: z.ZodType<TallySummary> = z.object({
  grants: z.number(),
  spanning: z.number(),
  operations: z.number(),
  crossing: z.number(),
  contended: z.number(),
  undecided: z.number(),
  broken: z.number(),
  begunAnew: z.number(),
  failed: z.number(),
  failures: counts,
  answers: counts,
  longestHistory: z.number(),
  shown: z.array(z.string()),
});

/** One line of a progress file. */
export const roundSchema = z.object({
  tally: tallySchema,
  switchover: z.object({
    attempts: z.number(),
    holdMs: z.number(),
    /** Of it, until nothing was in flight. */
    drainMs: z.number(),
    /** Writes that met a guard; null when nobody can say. */
    refused: z.number().nullable(),
  }),
  requests: z.number(),
  /** Of them, questions about tokens that nobody fights over, and how many were answered wrongly or not at all. */
  reads: z.number(),
  wrongReads: z.number(),
  durationMs: z.number(),
  /** What the Hydras logged in a round with failures. */
  complaints: z.array(z.string()),
});
export type RoundResult = z.output<typeof roundSchema>;

/** What all rounds were together. */
export interface Rounds {
  readonly switchovers: number;
  readonly attempts: number;
  readonly requests: number;
  readonly reads: number;
  readonly wrongReads: number;
  readonly refused: number;
  /** Switchovers of which nobody can say how many writes met a guard. */
  readonly uncounted: number;
  readonly longestHoldMs: number;
  readonly tally: TallySummary;
}

export const NO_ROUNDS: Rounds = {
  ...{ switchovers: 0, attempts: 0, requests: 0, reads: 0, wrongReads: 0, refused: 0, uncounted: 0, longestHoldMs: 0 },
  tally: EMPTY_TALLY,
};

export function addRound(sum: Rounds, { tally, switchover, requests, reads, wrongReads }: RoundResult): Rounds {
  return {
    switchovers: sum.switchovers + 1,
    attempts: sum.attempts + switchover.attempts,
    requests: sum.requests + requests,
    reads: sum.reads + reads,
    wrongReads: sum.wrongReads + wrongReads,
    refused: sum.refused + (switchover.refused ?? 0),
    uncounted: sum.uncounted + (switchover.refused === null ? 1 : 0),
    longestHoldMs: Math.max(sum.longestHoldMs, switchover.holdMs),
    tally: addTallies(sum.tally, tally),
  };
}

/** Histories that are too wide to be decided are no proof: more than this share of them fails a run. */
export const UNDECIDED_SHARE_MAX = 0.01;

export interface Wanted {
  readonly operations: number;
  readonly requests: number;
  readonly switchovers: number;
  readonly contendedShare: number;
}

export interface Claim {
  readonly what: string;
  readonly holds: boolean;
  readonly observed: string;
}

/**
 * @param endedBy what ended it before its time
 * @returns what has to hold of a run, and whether it does
 */
export function judgeRounds(rounds: Rounds, wanted: Wanted, endedBy?: string): readonly Claim[] {
  const { tally, switchovers, requests, refused, uncounted } = rounds;
  const share = tally.operations === 0 ? 0 : tally.contended / tally.operations;
  const undecided = tally.grants === 0 ? 1 : tally.undecided / tally.grants;
  const claim = (what: string, holds: boolean, observed: string): Claim => ({ what, holds, observed });
  return [
    claim('it came to its end', endedBy === undefined, endedBy ?? 'yes'),
    claim(
      `operations on grants: at least ${wanted.operations}`,
      tally.operations >= wanted.operations,
      `${tally.operations}`,
    ),
    claim(`requests: at least ${wanted.requests}`, requests >= wanted.requests, `${requests}`),
    claim(
      `switchovers: at least ${wanted.switchovers}`,
      switchovers >= wanted.switchovers,
      `${switchovers} in ${rounds.attempts} attempts`,
    ),
    claim(`contended: at least ${percent(wanted.contendedShare)}`, share >= wanted.contendedShare, percent(share)),
    claim('some history spans its switchover', tally.spanning > 0, `${tally.spanning} of ${tally.grants} grants`),
    claim("every history can have been one Hydra's", tally.broken === 0, `${tally.broken} of ${tally.grants} cannot`),
    claim(
      `too wide to be decided: at most ${percent(UNDECIDED_SHARE_MAX)}`,
      undecided <= UNDECIDED_SHARE_MAX,
      `${tally.undecided} of ${tally.grants}`,
    ),
    claim('no read was answered wrongly', rounds.wrongReads === 0, `${rounds.wrongReads} of ${rounds.reads}`),
    claim('no request failed', tally.failed === 0, failuresOf(tally)),
    claim(
      'no write met a guard',
      refused === 0 && uncounted === 0,
      `${refused}${uncounted === 0 ? '' : `; not known of ${uncounted} switchovers`}`,
    ),
  ];
}

function failuresOf({ failed, failures }: TallySummary): string {
  const kinds = Object.entries(failures).map(([kind, times]) => `${kind} ${times} times`);
  return failed === 0 ? '0' : `${failed}: ${kinds.join(', ')}`;
}

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
