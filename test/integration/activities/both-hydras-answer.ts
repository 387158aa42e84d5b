import { compareAnswers } from '../../../activities/compare-answers';
import { chooseClients } from '../../../hydra/validation';
import { type GreenFixture, stepContext } from './green-fixture';
import { type GreenHydras } from './green-hydras';

/** What a rehearsal is told by the two Hydras, on a copy without and with what a defect of the migration would have done. */
export async function bothHydrasAnswer(
  fixture: GreenFixture,
  hydras: GreenHydras,
  changeClosed: (sql: string) => Promise<void>,
): Promise<void> {
  const settings = { ...fixture.settings, validation: { subjects: 1_000, clients: 1_000, syntheticLogin: true } };
  const deps = fixture.deps({ hydra: hydras.api(), settings });
  const asked = await compareAnswers(deps, fixture.input, stepContext());
  expect(asked.findings).toEqual([]);
  const counts = Object.fromEntries(asked.asked.map((one) => [one.question, one.asked]));
  expect(counts).toMatchObject({ discovery: 1, trusted_issuer: 1 });
  for (const question of ['client', 'consent', 'keys']) expect(counts[question]).toBeGreaterThan(0);
  expect(asked.notAsked).toEqual([expect.stringContaining('a rehearsal writes nothing there')]);

  const [client] = await fixture.on('green', (green) => chooseClients(green, 1));
  await changeClosed(`UPDATE hydra_client SET metadata = '{"tier": 1}', updated_at = now() WHERE id = '${client}'`);
  expect((await compareAnswers(deps, fixture.input, stepContext())).findings).toEqual([]);
  await changeClosed(
    `UPDATE hydra_client SET metadata = '{"tier": 2}', updated_at = '2020-01-01' WHERE id = '${client}'`,
  );
  await fixture.on('blue', (blue) =>
    blue.query(`UPDATE hydra_client SET updated_at = '2020-01-01' WHERE id = $1`, [client]),
  );
  const { findings, found } = await compareAnswers(deps, fixture.input, stepContext());
  expect(findings).toContainEqual({ question: 'client', about: client, field: 'metadata', kind: 'added' });
  expect(found).toBeGreaterThanOrEqual(findings.length);
  await changeClosed(`UPDATE hydra_client SET metadata = '{}' WHERE id = '${client}'`);

  await changeClosed(`
    CREATE TABLE hydra_cutover.hidden AS SELECT login_challenge FROM hydra_oauth2_flow WHERE state = 6;
    UPDATE hydra_oauth2_flow SET state = 1 WHERE state = 6`);
  const empty = await compareAnswers(deps, fixture.input, stepContext());
  expect(empty.findings.map(({ field, kind }) => `${field} ${kind}`)).toContain('the whole consent lost');
  await changeClosed(`
    UPDATE hydra_oauth2_flow SET state = 6 WHERE login_challenge IN (SELECT login_challenge FROM hydra_cutover.hidden);
    DROP TABLE hydra_cutover.hidden`);
  expect(JSON.stringify([asked, empty])).not.toMatch(/user-|subject-/);
}
