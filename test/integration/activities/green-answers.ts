import { guardPurge } from '../../../activities/guard-purge';
import { readMetrics } from '../../../activities/read-metrics';
import { sampleBlue } from '../../../activities/samples';
import { validate } from '../../../activities/validate';
import { queryRows } from '../../../domain/ports/sql-client';
import { openSide } from '../../../hydra/arbiter';
import { chooseSubjects } from '../../../hydra/validation';
import { PATH } from '../../support/path';
import { type GreenFixture, jobThatWouldRemove, stepContext } from './green-fixture';
import { type GreenHydras } from './green-hydras';

/** What is asked of green's Hydra after the commit: of a green that is as blue was, and of one whose consents are damaged. */
export async function greenAnswersAsBlueDid(fixture: GreenFixture, hydras: GreenHydras): Promise<void> {
  const hydra = hydras.api();
  const subjects = (of: number) => fixture.on('blue', (blue) => chooseSubjects(PATH.consents, blue, of));
  let named = await subjects(20);
  const deps = fixture.deps({ hydra, jobs: [jobThatWouldRemove(() => Promise.resolve(named))] });
  const taken = await sampleBlue(deps, fixture.input, stepContext());
  expect(taken).toEqual({ subjects: 5, clients: 5 });
  const closed = await validate(deps, fixture.input, stepContext());
  expect(closed.checks.filter(({ ok }) => !ok).map(({ name }) => name)).toEqual(['green takes writes']);

  await fixture.on('green', (green) => openSide(green, 1, 1_000));
  const settings = { ...fixture.settings, validation: { ...fixture.settings.validation, syntheticLogin: true } };
  const open = { ...deps, settings };
  const validated = await validate(open, fixture.input, stepContext());
  expect(validated.checks.filter(({ ok }) => !ok)).toEqual([]);
  expect(validated.checks.map(({ name }) => name)).toContain('synthetic login');
  const logins = `SELECT DISTINCT f.subject FROM hydra_oauth2_flow f JOIN hydra_cutover.sample s ON s.key = f.subject
                   WHERE s.kind = 'consents' AND f.consent_challenge_id IS NOT NULL AND f.login_session_id IS NOT NULL`;
  const loggedIn = await fixture.on('green', (green) => queryRows<{ subject: string }>(green, logins));
  expect(loggedIn.length).toBeGreaterThan(0);
  for (const { subject } of loggedIn) await hydras.endSessions(subject);
  expect((await validate(open, fixture.input, stepContext())).checks.filter(({ ok }) => !ok)).toEqual([]);
  // A consent of one of them may have expired.
  const misread = await guardPurge(open, fixture.input, stepContext());
  expect(misread.ok).toBe(false);
  expect(misread.jobs[0]?.intact).toBeGreaterThan(10);
  const [revoked = '', ...others] = named;
  await hydras.revokeConsents(revoked);
  named = [revoked];
  expect(await guardPurge(open, fixture.input, stepContext())).toMatchObject({ ok: true, jobs: [{ explained: 1 }] });
  named = others;

  await fixture.on('green', (green) => green.query('UPDATE hydra_oauth2_flow SET state = 1 WHERE state = 6'));
  const damaged = await validate(open, fixture.input, stepContext());
  expect(damaged.checks.filter(({ ok }) => !ok).map(({ name }) => name)).toEqual(['consent sessions']);
  const guard = await guardPurge(open, fixture.input, stepContext());
  expect(guard.ok).toBe(false);
  expect(guard.jobs[0]?.hidden).toBeGreaterThan(10);
  const metrics = await readMetrics(open, fixture.input, stepContext());
  expect(metrics.green?.requests).toBeGreaterThan(0);
  expect(JSON.stringify([validated, damaged, guard])).not.toMatch(/user-|subject-/);
}
