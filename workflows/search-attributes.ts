import { defineSearchAttributeKey, type SearchAttributeUpdatePair } from '@temporalio/common';
import { type SearchAttribute } from '../domain/search-attributes';

/** @param values null removes the attribute */
export function searchAttributes(
  values: Readonly<Partial<Record<SearchAttribute, string | null>>>,
): SearchAttributeUpdatePair[] {
  return Object.entries(values).map(([name, value]) => ({ key: defineSearchAttributeKey(name, 'KEYWORD'), value }));
}
