import { checkWriteRate } from '../../../activities/preflight/check-write-rate';
import { Findings } from '../../../activities/preflight/findings';
import { type CutoverSettings } from '../../../domain/settings';
import { FORWARD } from '../../../domain/sides';

const SETTINGS = { sync: { catchUpDeadlineMs: 3_600_000 } } as CutoverSettings;

describe('the rate of writes on blue', () => {
  it('is no warning where the sync has room and their record fits', () => {
    expect(warningsOf(1_000, 1_000, 100e9)).toEqual([]);
  });

  it('is one above half of what the sync carries', () => {
    expect(warningsOf(11_400, 1_000, null)).toEqual([]);
    expect(warningsOf(11_600, 1_000, null)).toEqual([expect.stringContaining('11600 rows a second, and 23000')]);
  });

  it('is one where the record of it would not fit beside the data until green has caught up', () => {
    expect(warningsOf(1_000, 1_000, 1e9)).toEqual([expect.stringContaining('2.2 GB in the 60 min')]);
  });

  it('is not judged from less than a second', () => {
    expect(warningsOf(1_000_000, 10, 1)).toEqual([]);
  });
});

function warningsOf(rows: number, spanMs: number, freeBytes: number | null): readonly string[] {
  const findings = new Findings();
  checkWriteRate(
    { before: { rows: 5, atMs: 0 }, now: { rows: 5 + rows, atMs: spanMs } },
    freeBytes,
    { settings: SETTINGS, direction: FORWARD },
    findings,
  );
  return findings.warnings;
}
