import { isExcludedFromSnapshot } from '../../../../../world/rds/snapshot/excluded-paths';
import { walSegmentsBetween } from '../../../../../world/rds/snapshot/wal-segments';

const MB = 1024 * 1024;

describe('walSegmentsBetween', () => {
  it('names one file when start and stop are in the same', () => {
    const name = '000000010000000000000002';
    expect(walSegmentsBetween(name, name, 16 * MB)).toEqual([name]);
  });

  it('goes over the end of a log', () => {
    expect(walSegmentsBetween('0000000100000000000000FE', '000000010000000100000001', 16 * MB)).toEqual([
      '0000000100000000000000FE',
      '0000000100000000000000FF',
      '000000010000000100000000',
      '000000010000000100000001',
    ]);
  });

  it('counts with another segment size', () => {
    expect(walSegmentsBetween('00000001000000000000003F', '000000010000000100000000', 64 * MB)).toHaveLength(2);
  });

  it('refuses a change of timeline', () => {
    expect(() => walSegmentsBetween('000000010000000000000001', '000000020000000000000002', 16 * MB)).toThrow(
      RangeError,
    );
  });
});

describe('isExcludedFromSnapshot', () => {
  it.each([
    'postmaster.pid',
    'postmaster.opts',
    'pg_wal/000000010000000000000001',
    'pg_wal/archive_status',
    'pg_replslot/x/state',
    'pg_stat_tmp/a',
    'pg_subtrans/0000',
    'base/5/pgsql_tmp1.2',
    'base/pgsql_tmp',
    'global/pg_internal.init',
    'backup_label.old',
  ])('leaves out %s', (path) => {
    expect(isExcludedFromSnapshot(path)).toBe(true);
  });

  it.each([
    'PG_VERSION',
    'pg_wal',
    'pg_replslot',
    'base/5/1259',
    'global/pg_control',
    'pg_xact/0000',
    'pg_multixact/offsets/0000',
    'pg_stat/pgstat.stat',
    'postgresql.auto.conf',
    'pg_hba.conf',
  ])('keeps %s', (path) => {
    expect(isExcludedFromSnapshot(path)).toBe(false);
  });
});
