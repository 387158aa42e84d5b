import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { CLEANING_RULES, CLEANING_RULE_IDS, detectSql, fixSql } from '../../../../hydra/cleaning/rules';

const files = readdirSync(join(__dirname, '../../../../hydra/cleaning/sql'));

describe('cleaning rules', () => {
  it.each(CLEANING_RULE_IDS)('%s has the SQL of its kind with every placeholder filled', (id) => {
    const placeholder = /^:\w+$/m;
    expect(detectSql(id)).not.toMatch(placeholder);
    if (CLEANING_RULES[id].kind === 'clean') expect(fixSql(id)).not.toMatch(placeholder);
    else expect(files).not.toContain(`${id}.fix.sql`);
  });

  it('leave no SQL file without a rule', () => {
    const named = files.filter((name) => /\.(detect|fix)\.sql$/.test(name)).map((name) => name.split('.')[0]);
    expect(named.filter((id) => id === undefined || !(id in CLEANING_RULES))).toEqual([]);
  });

  it('delete rows of unknown clients before anything is made from them, and make logins before they get subjects', () => {
    const place = (id: (typeof CLEANING_RULE_IDS)[number]) => CLEANING_RULE_IDS.indexOf(id);
    expect(place('F01')).toBe(0);
    expect(place('C03')).toBeLessThan(place('C01'));
    expect(place('C01')).toBeLessThan(place('C03b'));
    expect(place('C03b')).toBeLessThan(place('S01'));
  });
});
