import { snapshotNamed } from '../model/change-state';
import { type SnapshotRecord } from '../model/records';
import { snapshotXml } from '../model/snapshot-xml';
import { readFilters } from '../protocol/filters';
import { page, readPage } from '../protocol/paging';
import { existingIdentifier, invalid, optionalBoolean } from '../protocol/read-parameters';
import { xmlList } from '../protocol/xml';
import { defineAction } from './action';

const TYPES = ['manual', 'automated', 'shared', 'public', 'awsbackup'];

export const describeDbSnapshots = defineAction({
  parse: (parameters) => {
    const id = parameters.text('DBSnapshotIdentifier');
    const instance = parameters.text('DBInstanceIdentifier');
    const type = parameters.text('SnapshotType');
    if (type !== undefined && !TYPES.includes(type)) throw invalid(`Invalid SnapshotType; valid: ${TYPES.join(', ')}.`);
    // Only manual snapshots of the caller's own exist here; the others are asked for in vain, as on a new account.
    optionalBoolean(parameters, 'IncludeShared');
    optionalBoolean(parameters, 'IncludePublic');
    return {
      id: id === undefined ? undefined : existingIdentifier(id, 'snapshot'),
      instanceId: instance === undefined ? undefined : existingIdentifier(instance, 'db'),
      resourceId: parameters.text('DbiResourceId'),
      type,
      page: readPage(parameters),
      passes: readFilters<SnapshotRecord>(parameters, {
        'db-instance-id': (record) => [record.instanceId],
        'db-snapshot-id': (record) => [record.id],
        'dbi-resource-id': (record) => [record.instanceResourceId],
        'snapshot-type': () => ['manual'],
        engine: () => ['postgres'],
      }),
    };
  },
  run: async (input, { store, region, progressOf }) => {
    const state = store.current;
    const candidates = input.id === undefined ? Object.values(state.snapshots) : [snapshotNamed(state, input.id)];
    const wanted = candidates.filter(
      (record) =>
        (input.instanceId === undefined || record.instanceId === input.instanceId) &&
        (input.resourceId === undefined || record.instanceResourceId === input.resourceId) &&
        (input.type === undefined || input.type === 'manual') &&
        input.passes(record),
    );
    const { entries, marker } = page(wanted, input.page);
    return {
      DBSnapshots: xmlList(
        'DBSnapshot',
        entries.map((record) => snapshotXml(record, region, progressOf(record.resourceId))),
      ),
      Marker: marker,
    };
  },
});
