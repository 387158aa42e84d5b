import { isDeepStrictEqual } from 'node:util';
import { type Client } from 'pg';
import { guardTables, installArbiter } from '../../../../hydra/arbiter/install-arbiter';
import { sqlFile } from '../../../../hydra/sql-file';
import { type CallSequence, drawSequence } from '../../../model/arbiter-calls';
import { RandomNumbers } from '../../../model/random-numbers';
import { useDatabase } from '../../../support/database';

/** A share of what `npm run test:long` looks at; the sequences are the same ones each time. */
const SEQUENCES = process.env['LONG_TESTS'] === '1' ? 10_000 : 4_000;
const CALLS = 12;
/** One transaction: with more, the rows that its updates leave behind slow it down. */
const SEQUENCES_PER_QUERY = 20;
const SEED = 20_261_129;

const database = useDatabase();
let client: Client;

beforeAll(async () => {
  client = await database.connect();
  await client.query('CREATE TABLE hydra_anything (id int)');
  await installArbiter(client, { side: 'blue', cutoverId: 'twin', initialState: 'open' });
  await guardTables(client);
  await client.query(sqlFile(__dirname, 'twin.sql'));
  // What a commit is for is looked at elsewhere; here it is only waited for.
  await client.query('SET synchronous_commit = off');
});

async function replay(sequences: readonly CallSequence[]): Promise<unknown[]> {
  const { rows } = await client.query<{ told: unknown }>(
    `SELECT twin.replay(one ->> 'side', one ->> 'state', one -> 'calls') AS told FROM jsonb_array_elements($1::jsonb) one`,
    [JSON.stringify(sequences)],
  );
  return rows.map(({ told }) => told);
}

it('is answered and leaves the rows that the twin of the model says, whatever is called in whatever order', async () => {
  const random = new RandomNumbers(SEED);
  const answers = new Set<string>();
  for (let done = 0; done < SEQUENCES; done += SEQUENCES_PER_QUERY) {
    const sequences = Array.from({ length: SEQUENCES_PER_QUERY }, () => drawSequence(random, CALLS));
    const told = await replay(sequences);
    sequences.forEach(({ side, state, calls }, index) => {
      const expected = calls.map(({ answer, rows }) => ({ answer, rows }));
      // The call that differs, and what came before it.
      if (!isDeepStrictEqual(told[index], expected)) {
        const shown = calls.map(({ expression, statement }) => expression ?? statement);
        expect({ side, state, shown, told: told[index] }).toEqual({ side, state, shown, told: expected });
      }
      for (const { expression, answer } of calls) answers.add(kindOf(expression, answer));
    });
  }
  // Sequences that never get far would prove little.
  expect(MUST_OCCUR.filter((kind) => !answers.has(kind))).toEqual([]);
});

function kindOf(expression: string | null, answer: unknown): string {
  const name = /^hydra_cutover\.(\w+)/.exec(expression ?? '')?.[1] ?? 'surroundings';
  if (typeof answer !== 'object' || answer === null) return `${name}: ${String(answer)}`;
  const { ok, reason, outcome, error } = answer as Record<string, unknown>;
  return `${name}: ${String(reason ?? outcome ?? error ?? ok)}`;
}

const MUST_OCCUR = [
  ...['true', 'attempt_alive', 'stale_epoch', 'committed', 'closed', 'abandoned', 'removing', '23502'].map(
    (answer) => `begin_attempt: ${answer}`,
  ),
  ...['true', 'aborted', 'committed', 'fenced', 'lease_over', 'members', 'unknown_attempt'].map(
    (answer) => `fence: ${answer}`,
  ),
  ...['true', 'aborted', 'holding', 'lease_over', 'undone_changes', 'guard_problems', 'unknown_attempt'].map(
    (answer) => `commit_attempt: ${answer}`,
  ),
  ...['aborted', 'committed', 'unknown_attempt'].map((answer) => `abort_attempt: ${answer}`),
  ...['true', 'false'].map((answer) => `may_read_here: ${answer}`),
  ...['0', '1'].map((answer) => `forget_member: ${answer}`),
  ...['aborted', 'committed', 'unknown'].map((answer) => `claim_epoch: ${answer}`),
  ...['true', 'false'].flatMap((answer) => [`serves: ${answer}`, `prepares: ${answer}`, `mark_finalized: ${answer}`]),
  ...['true', 'open', 'abandoned', 'committed', '23502'].map((answer) => `open_side: ${answer}`),
  ...['true', 'open', 'committed'].map((answer) => `abandon_side: ${answer}`),
  ...['true', 'attempt_alive', 'committed', 'closed', 'abandoned'].map((answer) => `begin_removal: ${answer}`),
];
