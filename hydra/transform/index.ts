export { type ColumnType, type GreenTable, type GreenTableName, GREEN_TABLES, greenTable } from './green-tables';
export { type GreenRow, type ReadOptions, prepareBlue, readTransformed } from './read-transformed';
export { type RowKey, type Selection } from './selection';
export { greenRowsFrom } from './transform-sql';
