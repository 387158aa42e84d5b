import { type QueryParameters } from './query-parameters';
import { invalid, requiredText } from './read-parameters';

/** For each filter name of an action: the values of an entry that a wanted value may equal. */
export type FilterTable<T> = Readonly<Record<string, (entry: T) => readonly string[]>>;

/**
 * @returns whether an entry passes all filters; a filter passes when any of its values equals
 * @throws RdsError InvalidParameterValue for a name that `table` does not have, or a filter without values
 */
export function readFilters<T>(parameters: QueryParameters, table: FilterTable<T>): (entry: T) => boolean {
  const filters = parameters.items('Filters', 'Filter').map((item) => {
    const name = requiredText(item, 'Name');
    const valuesOf = Object.hasOwn(table, name) ? table[name] : undefined;
    if (valuesOf === undefined) {
      throw invalid(`Unrecognized filter name; known: ${Object.keys(table).join(', ')}.`);
    }
    const wanted = item.texts('Values', 'Value') ?? [];
    if (wanted.length === 0) throw invalid(`The filter ${name} has no values.`);
    return (entry: T): boolean => valuesOf(entry).some((value) => wanted.includes(value));
  });
  return (entry) => filters.every((passes) => passes(entry));
}
