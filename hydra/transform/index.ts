export { type GreenRow, type ReadOptions, prepareSource, readTransformed } from './read-transformed';
export { type Selection } from './selection';
export { greenRowsFrom } from './transform-sql';
