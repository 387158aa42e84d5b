import { changeInstance, instanceNamed } from '../model/change-state';
import { requireTransition } from '../model/instance-status';
import { instanceXml } from '../model/instance-xml';
import { RdsError } from '../protocol/rds-error';
import { optionalBoolean } from '../protocol/read-parameters';
import { defineAction } from './action';
import { mergePending } from './modify-db-instance';
import { readInstanceId } from './read-instance-id';

const NOTHING = { atOnce: {}, soon: {}, window: {} };

export const rebootDbInstance = defineAction({
  parse: (parameters) => ({
    id: readInstanceId(parameters),
    failover: optionalBoolean(parameters, 'ForceFailover') ?? false,
  }),
  run: async (input, { store, operations, region }) => {
    const state = await store.change((current) => {
      const record = instanceNamed(current, input.id);
      if (input.failover && !record.settings.MultiAZ) {
        throw new RdsError(
          'InvalidParameterCombination',
          'ForceFailover cannot be specified since the instance is not configured for Multi-AZ.',
        );
      }
      const status = requireTransition(record.id, record.status, 'rebootStarted');
      return changeInstance(current, record.id, {
        status,
        pending: mergePending(record.pending, NOTHING, true, undefined),
      });
    });
    const record = instanceNamed(state, input.id);
    operations.reboot(record);
    return { DBInstance: instanceXml(record, region) };
  },
});
