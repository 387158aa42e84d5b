import { setImmediate as later } from 'node:timers/promises';
import { inTurn } from '../../../../activities/answers/in-turn';
import { type SqlClient } from '../../../../domain/ports/sql-client';

it('sends a statement when the one before it is answered, also after one that failed', async () => {
  const sent: string[] = [];
  let isBusy = false;
  const session: SqlClient = {
    query: async (text) => {
      expect(isBusy).toBe(false);
      isBusy = true;
      sent.push(text);
      await later();
      isBusy = false;
      if (text === 'fails') throw new Error('as it should');
      return { rows: [{ text }], rowCount: 1 };
    },
  };
  const shared = inTurn(session);
  const answers = await Promise.allSettled(['one', 'fails', 'two'].map((text) => shared.query(text)));
  expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(answers[2]).toMatchObject({ value: { rows: [{ text: 'two' }] } });
  expect(sent).toEqual(['one', 'fails', 'two']);
});
