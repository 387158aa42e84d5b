import { type StepInput } from '../domain/steps';
import { type Sample, chooseClients, chooseSubjects, writeSamples } from '../hydra/validation';
import { renewCode } from './canary-user/renew-code';
import { keepTraffic } from './baking/keep-traffic';
import { withLeft } from './support/with-left';
import { withEntered } from './support/with-entered';
import { type Step } from './step';
import { pathOfRun } from './support/of-side';

/**
 * Asks the left side's Hydra what the entered one's will be asked after the switchover, and keeps the answers there. Idempotent: a repeat takes other
 * samples instead. Last, the canary user gets a code that is young at the flip.
 *
 * @throws CutoverFault HYDRA_UNREACHABLE | HYDRA_UNEXPECTED | CROSSED_CONNECTION | DB_UNREACHABLE
 */
export const sampleBlue: Step<StepInput, { readonly subjects: number; readonly clients: number }> = async (
  deps,
  input,
  context,
) => {
  const { validation } = deps.settings;
  const { from } = deps.direction;
  const { subjects, clients } = await withLeft(deps, context, 'choose samples', async (left) => ({
    subjects: await chooseSubjects(pathOfRun(deps).consents, left, validation.subjects),
    clients: await chooseClients(left, validation.clients),
  }));
  const samples: Sample[] = [
    { kind: 'issuer', key: '', answer: await deps.hydra.issuer(from) },
    { kind: 'keys', key: '', answer: await deps.hydra.publicKeys(from) },
  ];
  const beat = () => {
    context.signal.throwIfAborted();
    context.heartbeat({ step: 'sampling', done: samples.length, of: subjects.length + clients.length });
  };
  for (const key of subjects) {
    beat();
    samples.push({ kind: 'consents', key, answer: await deps.hydra.consents(from, key) });
  }
  for (const key of clients) {
    beat();
    const answer = await deps.hydra.client(from, key);
    // Removed between our two questions.
    if (answer !== undefined) samples.push({ kind: 'client', key, answer });
  }
  await withEntered(deps, input, context, 'keep samples', async (entered) => {
    await writeSamples(entered, samples);
    await keepTraffic(deps, entered);
  });
  await renewCode(deps, input, context);
  return { subjects: subjects.length, clients: samples.filter(({ kind }) => kind === 'client').length };
};
