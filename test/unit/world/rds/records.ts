import { settingsForCreate } from '../../../../world/rds/model/instance-settings';
import { type InstanceRecord, type SnapshotRecord } from '../../../../world/rds/model/records';
import { parseQuery } from '../../../../world/rds/protocol/query-parameters';

const identity = { major: 15, engineVersion: '15.18', masterUsername: 'master', superuserPassword: 'x' } as const;
const settings = settingsForCreate(parseQuery('DBInstanceClass=db.t4g.medium'), 15);

export function instanceRecord(changes: Partial<InstanceRecord>): InstanceRecord {
  const { id = 'blue' } = changes;
  return {
    id,
    resourceId: `db-${id}`,
    createdAt: '2026-11-24T00:00:00.000Z',
    status: 'available',
    identity,
    port: 5432,
    settings,
    tags: [],
    ...changes,
  };
}

export function snapshotRecord(changes: Partial<SnapshotRecord>): SnapshotRecord {
  const { id = 'snap' } = changes;
  return {
    id,
    resourceId: `snap-${id}`,
    status: 'available',
    startedAt: '2026-11-24T00:00:00.000Z',
    instanceId: 'blue',
    instanceResourceId: 'db-blue',
    instanceCreatedAt: '2026-11-24T00:00:00.000Z',
    instancePort: 5432,
    identity,
    settings,
    tags: [],
    ...changes,
  };
}
