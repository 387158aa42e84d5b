export { type CarriedRow, prepareSource, readColumns, readTransformed } from './read-transformed';
export { type Selection } from './selection';
export { travelledRows } from './transform-sql';
