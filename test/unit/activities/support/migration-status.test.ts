import { pendingInStatus } from '../../../../activities/support/migration-status';

const TABLE = [
  'VERSION             NAME                                    STATUS',
  '20150101000001000000  networks                              Applied',
  '20190100000001000000  pending things                         Pending',
  '20241129111700000000  access token signature                 Applied',
].join('\n');

it('counts what is pending in a table, whatever the names of migrations are', () => {
  expect(pendingInStatus(TABLE)).toBe(1);
  expect(pendingInStatus(TABLE.replace(' Pending', ' Applied'))).toBe(0);
});

it('counts what is pending in JSON', () => {
  const json = [{ state: 'Applied' }, { state: 'Pending' }, { state: 'Pending' }];
  expect(pendingInStatus(JSON.stringify(json))).toBe(2);
});

it('takes an answer without any migration for no answer', () => {
  for (const text of ['', 'Could not connect', '[]', '{}']) expect(pendingInStatus(text)).toBeUndefined();
});
