export { ADAPTATION_ID, type AdaptOptions, adaptCopy } from './adapt';
export { type Adaptation, type CatalogFinding, type FindingClass, FINDING_CLASSES } from './finding';
export { differsFromFresh, inspectCatalog } from './inspect-catalog';
export { recordedTables } from './recorded';
