import { largeRemovals } from '../../../../hydra/cleaning';
import { sampledDetectSql } from '../../../../hydra/cleaning/sampled-detect';
import { PATH } from '../../../support/path';

const { detectSql } = PATH.cleaning;
const rowsOf = (table: string): number => ({ hydra_client: 10, hydra_oauth2_refresh: 1_000 })[table] ?? 0;

describe('removals that are a question of their own', () => {
  it('are those of a rule that removes rows, above the share of the table, and not at it', () => {
    const counts = [
      { id: 'F01', tables: { hydra_oauth2_refresh: 21, hydra_client: 0 } },
      { id: 'C03', tables: { hydra_oauth2_refresh: 20 } },
      { id: 'J04', tables: { hydra_client: 10 } },
    ] as const;
    expect(largeRemovals(PATH.cleaning, counts, rowsOf, 0.02)).toEqual([
      { rule: 'F01', table: 'hydra_oauth2_refresh', rows: 21, of: 1_000 },
    ]);
  });

  it('are all of a table whose rows nobody knows', () => {
    expect(largeRemovals(PATH.cleaning, [{ id: 'F01', tables: { hydra_oauth2_code: 3 } }], rowsOf, 0.5)).toEqual([
      { rule: 'F01', table: 'hydra_oauth2_code', rows: 3, of: 3 },
    ]);
  });
});

describe('a rule on a large table', () => {
  it('looks at a sample of the table whose rows it judges, and at all of those that it looks up', () => {
    const sql =
      sampledDetectSql(detectSql('F01'), (table) => (table === 'hydra_oauth2_access' ? 2.5 : undefined)) ?? '';
    expect(sql.match(/TABLESAMPLE/g)).toHaveLength(1);
    expect(sql).toContain('FROM hydra_oauth2_access AS owned TABLESAMPLE SYSTEM (2.5)');
    expect(sampledDetectSql(detectSql('F01'), () => undefined)).toBeUndefined();
  });

  it('is not sampled where rows are judged beside each other', () => {
    expect(sampledDetectSql(detectSql('C01'), () => 1)).toBeUndefined();
    expect(sampledDetectSql(detectSql('F02'), () => 1)).toBeUndefined();
  });
});
