import { type SqlClient } from '../../domain/ports/sql-client';

/** The same session for several that ask at once: a statement is sent when the one before it is answered, whatever became of that. */
export function inTurn(client: SqlClient): SqlClient {
  let last: Promise<unknown> = Promise.resolve();
  return {
    query: (text, values) => {
      const answer = last.then(() => client.query(text, values));
      last = answer.catch(() => undefined);
      return answer;
    },
  };
}
