import { readFilters } from '../protocol/filters';
import { tagListXml } from '../protocol/tags';
import { defineAction } from './action';
import { readResourceName, tagsOf } from './tags-of-resource';

export const listTagsForResource = defineAction({
  parse: (parameters) => {
    readFilters(parameters, {});
    return readResourceName(parameters);
  },
  run: async (resource, { store }) => ({ TagList: tagListXml(tagsOf(store.current, resource)) }),
});
