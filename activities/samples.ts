import { type StepInput } from '../domain/steps';
import { copyPathOf } from '../hydra/paths';
import { type Sample, chooseClients, chooseSubjects, writeSamples } from '../hydra/validation';
import { renewCode } from './canary-user/renew-code';
import { keepTraffic } from './baking/keep-traffic';
import { withBlue } from './green/with-blue';
import { withGreen } from './green/with-green';
import { type Step } from './step';

/**
 * Asks blue's Hydra what green's will be asked after the switchover, and keeps the answers on green. Idempotent: a repeat takes other
 * samples instead. Last, the canary user gets a code that is young at the flip.
 *
 * @throws CutoverFault HYDRA_UNREACHABLE | HYDRA_UNEXPECTED | CROSSED_CONNECTION | DB_UNREACHABLE
 */
export const sampleBlue: Step<StepInput, { readonly subjects: number; readonly clients: number }> = async (
  deps,
  input,
  context,
) => {
  const { validation, hydraVersion } = deps.settings;
  const { subjects, clients } = await withBlue(deps, context, 'choose samples', async (blue) => ({
    subjects: await chooseSubjects(copyPathOf(hydraVersion).consents, blue, validation.subjects),
    clients: await chooseClients(blue, validation.clients),
  }));
  const samples: Sample[] = [
    { kind: 'issuer', key: '', answer: await deps.hydra.issuer('blue') },
    { kind: 'keys', key: '', answer: await deps.hydra.publicKeys('blue') },
  ];
  const beat = () => {
    context.signal.throwIfAborted();
    context.heartbeat({ step: 'sampling', done: samples.length, of: subjects.length + clients.length });
  };
  for (const key of subjects) {
    beat();
    samples.push({ kind: 'consents', key, answer: await deps.hydra.consents('blue', key) });
  }
  for (const key of clients) {
    beat();
    const answer = await deps.hydra.client('blue', key);
    // Removed between our two questions.
    if (answer !== undefined) samples.push({ kind: 'client', key, answer });
  }
  await withGreen(deps, input, context, 'keep samples', async (green) => {
    await writeSamples(green, samples);
    await keepTraffic(deps, green);
  });
  await renewCode(deps, input, context);
  return { subjects: subjects.length, clients: samples.filter(({ kind }) => kind === 'client').length };
};
