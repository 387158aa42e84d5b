import { mergeTags, readTags } from '../protocol/tags';
import { defineAction } from './action';
import { readResourceName, tagsOf, withTags } from './tags-of-resource';

export const addTagsToResource = defineAction({
  parse: (parameters) => ({ resource: readResourceName(parameters), tags: readTags(parameters) }),
  run: async ({ resource, tags }, { store }) => {
    await store.change((state) => withTags(state, resource, mergeTags(tagsOf(state, resource), tags)));
    return undefined;
  },
});
