export { adaptCopy } from './adapt';
export { ADAPTATION_ID } from './adaptation-id';
export { compareFacts, factsByKey, type FactDifference, hasTable, tellDifferences } from './compare-facts';
export { type Fact, type FactKind, keyOf, tell } from './fact';
export { type CatalogFinding } from './finding';
export { differsFromFresh, inspectCatalog } from './inspect-catalog';
export { readFacts } from './read-catalog';
export { recordedTables } from './recorded';
export { unknownColumns } from './unknown-columns';
