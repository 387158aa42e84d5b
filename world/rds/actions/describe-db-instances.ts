import { instanceNamed } from '../model/change-state';
import { instanceXml } from '../model/instance-xml';
import { type InstanceRecord } from '../model/records';
import { readFilters } from '../protocol/filters';
import { page, readPage } from '../protocol/paging';
import { existingIdentifier } from '../protocol/read-parameters';
import { xmlList } from '../protocol/xml';
import { defineAction } from './action';

export const describeDbInstances = defineAction({
  parse: (parameters) => {
    const id = parameters.text('DBInstanceIdentifier');
    return {
      id: id === undefined ? undefined : existingIdentifier(id, 'db'),
      page: readPage(parameters),
      passes: readFilters<InstanceRecord>(parameters, {
        'db-instance-id': (record) => [record.id],
        'dbi-resource-id': (record) => [record.resourceId],
        'db-cluster-id': () => [],
        domain: () => [],
        engine: () => ['postgres'],
      }),
    };
  },
  run: async (input, { store, region }) => {
    const state = store.current;
    const candidates = input.id === undefined ? Object.values(state.instances) : [instanceNamed(state, input.id)];
    const { entries, marker } = page(candidates.filter(input.passes), input.page);
    return {
      DBInstances: xmlList(
        'DBInstance',
        entries.map((record) => instanceXml(record, region)),
      ),
      Marker: marker,
    };
  },
});
