import { CutoverFault } from '../../../domain/faults';
import { RECORD_VERSION, knownRecord, withRecordVersion } from '../../../domain/record-version';

const RECORD = { applied: { epoch: 3, state: 'blue' } };

describe('the version of a stored record', () => {
  it('is written with it and gone when it is read; without one it is what was stored before there were versions', () => {
    expect(knownRecord(JSON.parse(JSON.stringify(withRecordVersion(RECORD))), 'here')).toEqual(RECORD);
    expect(knownRecord(RECORD, 'here')).toEqual(RECORD);
    expect([knownRecord(null, 'here'), knownRecord('text', 'here')]).toEqual([null, 'text']);
  });

  it.each([RECORD_VERSION + 1, 0, '1', null])(
    'that is %p is refused with the place and what to do',
    (schemaVersion) => {
      const read = () => knownRecord({ schemaVersion, ...RECORD }, 'the file /x');
      expect(read).toThrow(CutoverFault);
      expect(read).toThrow(/the file \/x.*Use the version/);
    },
  );
});
