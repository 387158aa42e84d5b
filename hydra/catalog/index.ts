export { ADAPTATION_ID, type AdaptOptions, adaptCopy } from './adapt';
export { compareFacts, factsByKey, type FactDifference, hasTable, tellDifferences } from './compare-facts';
export { type Fact, keyOf, tell } from './fact';
export { type Adaptation, type CatalogFinding, type FindingClass, FINDING_CLASSES } from './finding';
export { differsFromFresh, inspectCatalog } from './inspect-catalog';
export { readFacts } from './read-catalog';
export { recordedTables } from './recorded';
