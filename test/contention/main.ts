import { parseArgs } from 'node:util';
import { errorMessage } from '../../domain/error-message';
import { startSharedServers } from '../support/start-shared-servers';
import { raceAlone } from './race-alone';
import { ProgressFile } from './progress-file';
import { addRound, judgeRounds, NO_ROUNDS, type RoundResult, type Rounds, type Wanted } from './round-result';
import { runRounds } from './run-rounds';

const USAGE = `usage: npm run contend -- [--alone] [--soak] [--operations N] [--switchovers N] [--requests N] [--grants N] [--reads N] [--seed N] [--out FILE]
  Clients race for shared grants through two gateways, over one switchover after the other; each grant's history is checked.
  --alone   the same races at each version of Hydra with nothing in between: what the specification must accept
  --soak    until 1,000,000 requests over 100 switchovers
  --reads   questions in a second about tokens that nobody fights over (20, with --soak 300)
  --out     keeps each round in FILE; started again with the same FILE, it goes on from there`;
const CONTEND: Wanted = { operations: 100_000, requests: 0, switchovers: 20, contendedShare: 0.2 };
const SOAK: Wanted = { operations: 0, requests: 1_000_000, switchovers: 100, contendedShare: 0.2 };
/** Requests for one operation: those that begin a grant are none. */
const REQUESTS_PER_OPERATION = 1.4;

/** Entry of `npm run contend`. */
async function main(): Promise<number> {
  const number = { type: 'string' } as const;
  const { values } = parseArgs({
    options: {
      ...{ alone: { type: 'boolean' }, soak: { type: 'boolean' }, help: { type: 'boolean' } },
      ...{
        operations: number,
        switchovers: number,
        requests: number,
        grants: number,
        reads: number,
        seed: number,
        out: number,
      },
    },
  });
  if (values.help === true) return say(USAGE, 0);
  const goals = values.soak === true ? SOAK : CONTEND;
  const wanted: Wanted = {
    operations: Number(values.operations ?? goals.operations),
    requests: Number(values.requests ?? goals.requests),
    switchovers: Number(values.switchovers ?? goals.switchovers),
    contendedShare: goals.contendedShare,
  };
  const grants = Number(values.grants ?? 40);
  const reads = Number(values.reads ?? (values.soak === true ? 300 : 20));
  const seed = Number(values.seed ?? 1);
  const numbers = [wanted.operations, wanted.requests, wanted.switchovers, grants, reads, seed];
  if (!numbers.every((value) => Number.isFinite(value) && value >= 0)) return say(USAGE, 2);
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopping.abort());
  const end = await startSharedServers();
  try {
    if (values.alone === true)
      return await raceAlone({ operations: wanted.operations / 10, seed, signal: stopping.signal });
    return await contend(wanted, { grants, reads, seed, file: new ProgressFile(values.out), signal: stopping.signal });
  } finally {
    await end();
  }
}

interface Contest {
  readonly grants: number;
  readonly reads: number;
  readonly seed: number;
  readonly file: ProgressFile;
  readonly signal: AbortSignal;
}

async function contend(wanted: Wanted, { grants, reads, seed, file, signal }: Contest): Promise<number> {
  const earlier = file.read();
  let rounds = earlier.reduce(addRound, NO_ROUNDS);
  if (earlier.length > 0) say(`${earlier.length} rounds of earlier runs count`, 0);
  const isDone = () =>
    rounds.switchovers >= wanted.switchovers &&
    rounds.requests >= wanted.requests &&
    rounds.tally.operations >= wanted.operations;
  const perRound =
    Math.max(wanted.requests, wanted.operations * REQUESTS_PER_OPERATION) / Math.max(1, wanted.switchovers);
  const onRound = (round: RoundResult): boolean => {
    file.append(round);
    rounds = addRound(rounds, round);
    say(progressLine(round, rounds), 0);
    for (const complaint of round.complaints) say(`  a Hydra logged: ${complaint}`, 0);
    return !isDone() && rounds.tally.broken === 0;
  };
  const requestsEachSide = Math.ceil(perRound / 2);
  let endedBy: string | undefined;
  if (!isDone()) {
    const running = runRounds({
      seed: seed + earlier.length,
      grants,
      readsPerSecond: reads,
      requestsEachSide,
      onRound,
      signal,
    });
    // Hours of rounds have their verdict, whatever became of the last one.
    await running.catch((error: unknown) => (endedBy = errorMessage(error)));
  }
  return report(rounds, wanted, endedBy);
}

function progressLine({ tally, switchover, requests, durationMs }: RoundResult, sum: Rounds): string {
  const perSecond = Math.round(requests / (durationMs / 1_000));
  return (
    `switchover ${sum.switchovers}: held ${switchover.holdMs} ms (drain ${switchover.drainMs} ms); ` +
    `${tally.operations} operations, ${tally.crossing} of them while writes were held, ${tally.spanning} of ${tally.grants} grants on both sides; ${perSecond} requests/s; ` +
    `in all ${sum.requests} requests (${sum.reads} reads, ${sum.wrongReads} wrong), ${sum.tally.operations} operations, failed ${sum.tally.failed} ${JSON.stringify(sum.tally.failures)}, broken ${sum.tally.broken}`
  );
}

function report(rounds: Rounds, wanted: Wanted, endedBy: string | undefined): number {
  const { tally } = rounds;
  const claims = judgeRounds(rounds, wanted, endedBy);
  const answers = Object.entries(tally.answers).sort(([one], [other]) => one.localeCompare(other));
  say(['answers', ...answers.map(([answer, times]) => `  ${answer}  ${times}`)].join('\n'), 0);
  say(
    `logins begun anew ${tally.begunAnew}, longest history ${tally.longestHistory}, longest hold ${rounds.longestHoldMs} ms`,
    0,
  );
  for (const history of tally.shown) say(`a history that no Hydra can have had: ${history}`, 0);
  for (const { what, holds, observed } of claims) say(`${holds ? 'ok  ' : 'BAD '}  ${what}: ${observed}`, 0);
  return claims.every(({ holds }) => holds) ? 0 : 1;
}

function say(text: string, code: number): number {
  process.stdout.write(`${text}\n`);
  return code;
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exit(1);
  },
);
