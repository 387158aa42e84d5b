import { factsByKey } from './compare-facts';
import { keyOf } from './fact';
import { type CatalogFinding, noted } from './finding';
import { type CatalogQuestion } from './judge-catalog';
import { type ForeignJudgement } from './judge-foreign';
import { type Remark, tellRemark } from './remark';

/** A comment or a label goes with what it is about, whatever takes that; it is in the way of nothing. Pure. */
export function judgeRemarks(question: CatalogQuestion, others: ForeignJudgement): readonly CatalogFinding[] {
  const hydras = factsByKey(question.fresh);
  return (question.remarks ?? []).flatMap((remark) => {
    if (hydras.has(keyOf(remark.of))) return [ofHydras(remark, question)];
    const part = others.partOf(remark.of);
    // What makes the object again makes this, too.
    return part === undefined || part.what === 'stays' ? [stays(remark)] : [];
  });
}

function ofHydras(remark: Remark, { path }: CatalogQuestion): CatalogFinding {
  const fate = path.fateOf(remark.of);
  if (fate === undefined || fate.how === 'changed') return stays(remark);
  const fix = `on green, afterwards, for what green has in its place: ${remark.make}`;
  const lost = noted('lost', tellRemark(remark), `goes with what it is about (migration ${fate.migration})`, fix);
  return { ...lost, again: [remark.make] };
}

function stays(remark: Remark): CatalogFinding {
  return noted('harmless', tellRemark(remark), 'green has it as blue does', 'nothing to do');
}

/** Of an object that is dropped and made again for the migration: what was said of it. */
export function remarksOf({ remarks = [] }: CatalogQuestion, of: Remark['of']): readonly string[] {
  return remarks.filter((one) => keyOf(one.of) === keyOf(of)).map(({ make }) => make);
}
