import { type Action } from './action';
import { addTagsToResource } from './add-tags-to-resource';
import { createDbInstance } from './create-db-instance';
import { createDbSnapshot } from './create-db-snapshot';
import { deleteDbInstance } from './delete-db-instance';
import { deleteDbSnapshot } from './delete-db-snapshot';
import { describeDbInstances } from './describe-db-instances';
import { describeDbSnapshots } from './describe-db-snapshots';
import { listTagsForResource } from './list-tags-for-resource';
import { modifyDbInstance } from './modify-db-instance';
import { rebootDbInstance } from './reboot-db-instance';
import { removeTagsFromResource } from './remove-tags-from-resource';
import { restoreDbInstanceFromDbSnapshot } from './restore-db-instance-from-db-snapshot';
import { startDbInstance } from './start-db-instance';
import { stopDbInstance } from './stop-db-instance';

/** Everything the endpoint can be asked for, by its name on the wire. */
export const ACTIONS: Readonly<Record<string, Action>> = {
  AddTagsToResource: addTagsToResource,
  CreateDBInstance: createDbInstance,
  CreateDBSnapshot: createDbSnapshot,
  DeleteDBInstance: deleteDbInstance,
  DeleteDBSnapshot: deleteDbSnapshot,
  DescribeDBInstances: describeDbInstances,
  DescribeDBSnapshots: describeDbSnapshots,
  ListTagsForResource: listTagsForResource,
  ModifyDBInstance: modifyDbInstance,
  RebootDBInstance: rebootDbInstance,
  RemoveTagsFromResource: removeTagsFromResource,
  RestoreDBInstanceFromDBSnapshot: restoreDbInstanceFromDbSnapshot,
  StartDBInstance: startDbInstance,
  StopDBInstance: stopDbInstance,
};
