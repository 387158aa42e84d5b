import { checkChallengeLengths } from '../../../activities/preflight/check-challenge-lengths';
import { Findings } from '../../../activities/preflight/findings';
import { type StepDeps } from '../../../activities/step';
import { type SqlClient } from '../../../domain/ports/sql-client';
import { FORWARD } from '../../../domain/sides';

/** What is said where blue has one client whose challenges will be long. */
async function said(blue: '1.11.10' | '2.2.0'): Promise<readonly string[]> {
  const random = Array.from({ length: 400 }, () => Math.random().toString(36)).join();
  const named = { query: () => Promise.resolve({ rows: [{ id: 'large', others: 0 }] }) } as unknown as SqlClient;
  const hydra = { client: () => Promise.resolve({ client_id: 'large', metadata: { random } }) };
  const deps = {
    hydra,
    direction: FORWARD,
    settings: { hydraVersion: { blue, green: '2.3.0' } },
  } as unknown as StepDeps;
  const findings = new Findings();
  await checkChallengeLengths(named, deps, findings);
  return findings.warnings;
}

it('challenges grow on the way from 1.x, and from a Hydra that has such already they do not', async () => {
  expect(await said('1.11.10')).toEqual([expect.stringContaining('grow from 32 characters')]);
  expect(await said('2.2.0')).toEqual([]);
});
