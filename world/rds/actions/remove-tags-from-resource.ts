import { readTagKeys } from '../protocol/tags';
import { defineAction } from './action';
import { readResourceName, tagsOf, withTags } from './tags-of-resource';

export const removeTagsFromResource = defineAction({
  parse: (parameters) => ({ resource: readResourceName(parameters), keys: readTagKeys(parameters) }),
  run: async ({ resource, keys }, { store }) => {
    await store.change((state) =>
      withTags(
        state,
        resource,
        tagsOf(state, resource).filter((tag) => !keys.includes(tag.key)),
      ),
    );
    return undefined;
  },
});
