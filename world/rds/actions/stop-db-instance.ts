import { changeInstance, instanceNamed } from '../model/change-state';
import { requireTransition } from '../model/instance-status';
import { instanceXml } from '../model/instance-xml';
import { defineAction } from './action';
import { readInstanceId } from './read-instance-id';

export const stopDbInstance = defineAction({
  parse: (parameters) => ({ id: readInstanceId(parameters) }),
  run: async (input, { store, operations, region }) => {
    const state = await store.change((current) => {
      const record = instanceNamed(current, input.id);
      const status = requireTransition(record.id, record.status, 'stopRequested');
      return changeInstance(current, record.id, { status });
    });
    const record = instanceNamed(state, input.id);
    operations.stop(record);
    return { DBInstance: instanceXml(record, region) };
  },
});
