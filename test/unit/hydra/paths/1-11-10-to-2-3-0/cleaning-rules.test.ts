import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { PATH } from '../../../../support/path';

const files = readdirSync(join(__dirname, '../../../../../hydra/paths/1-11-10-to-2-3-0/cleaning/sql'));
const { rules, detectSql, fixSql } = PATH.cleaning;
const ids = Object.keys(rules);

describe('cleaning rules', () => {
  it.each(ids)('%s has the SQL of its kind with every placeholder filled', (id) => {
    const placeholder = /^:\w+$/m;
    expect(detectSql(id)).not.toMatch(placeholder);
    if (rules[id]?.kind === 'clean') expect(fixSql(id)).not.toMatch(placeholder);
    else expect(files).not.toContain(`${id}.fix.sql`);
  });

  it('leave no SQL file without a rule', () => {
    const named = files.filter((name) => /\.(detect|fix)\.sql$/.test(name)).map((name) => name.split('.')[0]);
    expect(named.filter((id) => id === undefined || !(id in rules))).toEqual([]);
  });

  it('delete rows of unknown clients before anything is made from them, and make logins before they get subjects', () => {
    const place = (id: string) => ids.indexOf(id);
    expect(place('F01')).toBe(0);
    expect(place('F05')).toBeLessThan(place('C01'));
    expect(place('C03')).toBeLessThan(place('C01'));
    expect(place('C01')).toBeLessThan(place('C03b'));
    expect(place('C03b')).toBeLessThan(place('S01'));
  });
});
