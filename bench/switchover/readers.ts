import { errorMessage } from '../../domain/error-message';
import { SteadyReaders } from '../../test/contention/traffic/steady-readers';
import { type LoadOrder, type ReaderSample, sinceEpoch } from './messages';

let readers: SteadyReaders | undefined;

async function obey(order: LoadOrder): Promise<readonly ReaderSample[] | null> {
  if (order.kind === 'start') {
    readers = new SteadyReaders(order);
    await readers.start();
  }
  if (order.kind !== 'stop') return null;
  const answered = (await readers?.stop()) ?? [];
  return answered.map(({ dueAt, durationMs, isRight }) => [sinceEpoch(dueAt), durationMs, isRight]);
}

process.on('message', (order: LoadOrder) => {
  obey(order).then(
    (result) => process.send?.({ result }),
    (error: unknown) => process.send?.({ error: errorMessage(error) }),
  );
});
