import { PHASE_NAMES } from '../../../domain/runbook';
import { COPY_UPGRADE } from '../../../domain/runbooks/copy-upgrade';
import { LEFT_WHEN_SKIPPED, maySkip, REPAIRS_AFTER_COMMIT, SKIPPABLE_STEPS } from '../../../domain/runbooks/skips';

/** Of phases whose other steps only look, or wait: who repairs does so himself. */
const LEFT_TO_A_PERSON = ['stopBlue', 'validate', 'bake', 'readMetrics', 'previewJobs', 'guardPurge'];

describe('what gate `intervene` lets pass', () => {
  it('is everything after the commit, and nothing that says who serves', () => {
    const afterCommit = PHASE_NAMES.filter((name) => 'isAfterCommit' in COPY_UPGRADE[name]);
    expect(PHASE_NAMES.filter(maySkip)).toEqual(afterCommit);
    expect(Object.keys(REPAIRS_AFTER_COMMIT)).toEqual(afterCommit);
    expect(afterCommit).not.toContain('switchover');
  });

  it.each(PHASE_NAMES.filter(maySkip))('repair has a word for every step of phase %s that it takes', (name) => {
    const taken: readonly string[] = REPAIRS_AFTER_COMMIT[name];
    const acts: readonly string[] = COPY_UPGRADE[name].acts;
    expect(acts.filter((step) => !taken.includes(step) && !LEFT_TO_A_PERSON.includes(step))).toEqual([]);
    expect(SKIPPABLE_STEPS).toEqual(expect.arrayContaining(acts.filter((step) => taken.includes(step))));
  });

  it('repair has a word for every way back but the claim', () => {
    const undos = Object.values(COPY_UPGRADE).flatMap((row) => ('undo' in row ? [row.undo as string] : []));
    const skippable = undos.filter((undo) => undo !== 'with green' && undo !== 'abandonSwitchover');
    expect(SKIPPABLE_STEPS).toEqual(expect.arrayContaining(skippable));
    expect(Object.keys(LEFT_WHEN_SKIPPED)).not.toContain('abandonSwitchover');
  });
});
