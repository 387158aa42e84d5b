import { factsByKey } from './compare-facts';
import { type Fact, keyOf } from './fact';
import { type CatalogFinding } from './finding';
import { type ForeignObject } from './foreign-objects';
import { judgeForeignObjects } from './judge-foreign';
import { judgeExtra, judgeHydras } from './judge-facts';
import { judgeRemarks } from './judge-remarks';
import { type MigrationPath } from './migration-path';
import { type Remark } from './remark';

export interface CatalogQuestion {
  readonly found: readonly Fact[];
  /** What a fresh database of the same Hydra has. */
  readonly fresh: readonly Fact[];
  readonly foreign: readonly ForeignObject[];
  /** @default none */
  readonly remarks?: readonly Remark[];
  /** What is still to come. */
  readonly path: MigrationPath;
  readonly schema: string;
}

const ORDER = { stops: 0, changed: 1, lost: 2, harmless: 3 } as const;

/**
 * Everything in which Hydra's schema is not what its migrations make it, and everything of others that hangs on it; each with what
 * becomes of it. Pure.
 */
export function judgeCatalog(question: CatalogQuestion): readonly CatalogFinding[] {
  const { found, fresh, foreign, path } = question;
  const expected = factsByKey(fresh);
  const seen = factsByKey(found);
  const others = judgeForeignObjects(foreign, path);
  const hydras = fresh.flatMap((fact) => judgeHydras(fact, seen.get(keyOf(fact)), question));
  const extra = found.filter((fact) => !expected.has(keyOf(fact)));
  const findings = [
    ...hydras,
    ...extra.flatMap((fact) => judgeExtra(fact, others, question)),
    ...others.apart,
    ...judgeRemarks(question, others),
  ];
  return findings.sort((a, b) => ORDER[a.class] - ORDER[b.class] || (a.object < b.object ? -1 : 1));
}
