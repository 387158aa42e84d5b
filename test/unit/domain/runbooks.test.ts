import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { IN_PLACE_PHASE_NAMES } from '../../../domain/in-place/runbook';
import { PHASE_NAMES, PREPARING_PHASES } from '../../../domain/runbook';
import { COPY_UPGRADE, REHEARSAL_STEPS, UNTRACED_STEPS } from '../../../domain/runbooks/copy-upgrade';
import { waysBack } from '../../../domain/runbooks/phase-row';

/** Names in backticks in the first column of the first table below a heading. */
function phasesOfTable(document: string, heading: string): readonly string[] {
  const text = readFileSync(join(__dirname, '..', '..', '..', document), 'utf8');
  const [, section = ''] = text.split(`\n## ${heading}\n`);
  const table =
    section
      .trimStart()
      .split('\n\n')
      .find((part) => part.startsWith('|')) ?? '';
  return table
    .split('\n')
    .flatMap((line) => [...(line.split('|')[1] ?? '').matchAll(/`(\w+)`/g)].map(([, name]) => name ?? ''));
}

describe('the tables of phases that people read', () => {
  it.each([
    ['README.md', 'Phases', PHASE_NAMES],
    ['docs/in-place.md', 'Phases', IN_PLACE_PHASE_NAMES],
    ['docs/runbook.md', 'From `plan` to `cutover`: hours, blue serves', PREPARING_PHASES],
  ])('%s has below "%s" every phase of the runbook, in its order', (document, heading, names) => {
    expect(phasesOfTable(document, heading)).toEqual(names);
  });
});

describe('the runbook of a copy', () => {
  it('is taken back in the reverse order of its phases', () => {
    expect(waysBack(COPY_UPGRADE)).toEqual([
      'abandonSwitchover',
      'resumeJobs',
      'stopGreen',
      'deleteGreen',
      'deleteSnapshot',
      'disableCapture',
      'restoreLifetimes',
    ]);
  });

  it('knows the steps that a rehearsal alone takes, and lets none of them write to blue', () => {
    expect(REHEARSAL_STEPS).toEqual(['keepRowHashes', 'compareRowHashes', 'compareAnswers', 'tryWrites']);
    expect(UNTRACED_STEPS).toEqual(expect.arrayContaining([...REHEARSAL_STEPS]));
  });
});
