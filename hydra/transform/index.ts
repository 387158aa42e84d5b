export { type GreenRow, prepareSource, readTransformed } from './read-transformed';
export { type Selection } from './selection';
export { greenRowsFrom } from './transform-sql';
