import { compareRowHashes } from '../../../activities/rehearsal/row-hashes';
import { tryWrites } from '../../../activities/rehearsal/try-writes';
import { openSide, readArbiter } from '../../../hydra/arbiter';
import { type GreenFixture, stepContext } from './green-fixture';
import { type GreenHydras } from './green-hydras';

/** What a rehearsal tries at last, on a green that is open when this begins and can never be opened any more when it ends. */
export async function copyIsWritten(
  fixture: GreenFixture,
  hydras: GreenHydras,
  closeAgain: () => Promise<unknown>,
): Promise<void> {
  const deps = fixture.deps({ hydra: hydras.api() });
  const asked = async (differences: number | null) => {
    return tryWrites(deps, { ...fixture.input, differences }, stepContext());
  };
  await expect(asked(0)).rejects.toMatchObject({ code: 'CHECK_FAILED', details: { state: 'open' } });
  await closeAgain();
  const hide = (name: string, to: string) =>
    fixture.on('green', (green) => green.query(`ALTER TABLE hydra_cutover.${name} RENAME TO ${to}`));
  await hide('expected_walk', 'hidden_walk');
  await expect(asked(0)).rejects.toMatchObject({ code: 'CHECK_FAILED' });
  expect(await fixture.on('green', readArbiter)).toMatchObject({ state: 'closed' });
  await hide('hidden_walk', 'expected_walk');

  // What the tests before this one changed.
  const compare = () => compareRowHashes(deps, fixture.input, stepContext());
  const { differences } = await fixture.whileKeeperReadsNothing(compare);
  const trial = await asked(differences);
  expect(trial).toMatchObject({ changed: 0, steps: expect.arrayContaining(['refresh', 'revoke']) as string[] });
  expect(await fixture.on('green', (green) => openSide(green, 2, 1_000))).toMatchObject({ reason: 'abandoned' });

  // As somebody's own constraint or a lost grant would.
  await fixture.on('green', (green) =>
    green.query(`ALTER TABLE hydra_oauth2_refresh ADD CONSTRAINT own CHECK (signature = 'x') NOT VALID`),
  );
  await expect(asked(null)).rejects.toMatchObject({ code: 'HYDRA_UNEXPECTED' });
}
