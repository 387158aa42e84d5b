/** The part of a `pg` client that knowledge of Hydra's schemas needs, so that `hydra/` depends on no driver. */
export interface SqlClient {
  query(text: string, values?: unknown[]): Promise<{ rows: unknown[]; rowCount: number | null }>;
  /** Whether a statement is sent before the one before it is answered. Answers come in the order of the statements in any case. */
  readonly isPipelined?: boolean;
}

/** @returns the rows of a query whose shape the caller knows from the SQL beside it */
export async function queryRows<Row>(client: SqlClient, text: string, values: unknown[] = []): Promise<Row[]> {
  const { rows } = await client.query(text, values);
  return rows as Row[];
}

/**
 * Sends several statements in one round trip.
 *
 * @param text without parameters
 * @returns the rows of all of them, in order
 */
export async function queryTogether<Row>(client: SqlClient, text: string): Promise<Row[]> {
  const answers: unknown = await client.query(text);
  const each = (Array.isArray(answers) ? answers : [answers]) as readonly { readonly rows: unknown[] }[];
  return each.flatMap(({ rows }) => rows) as Row[];
}

/**
 * Asks several things of one session: in one round trip where it is pipelined, else one after the other.
 *
 * @param asks each sends its first statement before it waits for anything; the order of later ones is open
 * @throws the first failure in their order, after all have ended: nothing of them is under way any more
 */
export async function together<Answers extends readonly unknown[]>(
  { isPipelined }: SqlClient,
  asks: { readonly [Index in keyof Answers]: () => Promise<Answers[Index]> },
): Promise<Answers> {
  const answers: unknown[] = [];
  if (isPipelined !== true) {
    for (const ask of asks) answers.push(await ask());
    return answers as unknown as Answers;
  }
  for (const answer of await Promise.allSettled(asks.map((ask) => ask()))) {
    if (answer.status === 'rejected') throw answer.reason;
    answers.push(answer.value);
  }
  return answers as unknown as Answers;
}

export interface Statement {
  readonly text: string;
  readonly values: unknown[];
  /** What the values take. @default the length of those that are text */
  readonly bytes?: number;
  /** What it changes is no row of Hydra's, and is not counted. */
  readonly isOurs?: true;
}

/** What is sent at most before an answer is waited for. */
const SENT_LENGTH_MAX = 1024 * 1024;

/**
 * Runs statements in their order, and asks for the next ones only when the last were sent.
 *
 * @returns how many of Hydra's rows they changed
 */
export async function runInOrder(client: SqlClient, statements: Iterable<Statement>): Promise<number> {
  let rows = 0;
  let next: Statement[] = [];
  let length = 0;
  const send = async (): Promise<void> => {
    const sent = next;
    const asks = sent.map(
      ({ text, values }) =>
        () =>
          client.query(text, values),
    );
    [next, length] = [[], 0];
    for (const [index, { rowCount }] of (await together(client, asks)).entries())
      if (sent[index]?.isOurs !== true) rows += rowCount ?? 0;
  };
  for (const statement of statements) {
    next.push(statement);
    length += statement.bytes ?? textLength(statement.values);
    if (length > SENT_LENGTH_MAX) await send();
  }
  if (next.length > 0) await send();
  return rows;
}

function textLength(values: readonly unknown[]): number {
  let length = 0;
  for (const value of values) length += typeof value === 'string' ? value.length : 0;
  return length;
}
