import { parseResourceArn, type ResourceKind } from '../model/arn';
import { changeInstance, changeSnapshot, instanceNamed, snapshotNamed } from '../model/change-state';
import { type RdsState } from '../model/records';
import { type QueryParameters } from '../protocol/query-parameters';
import { requiredText } from '../protocol/read-parameters';
import { type Tag } from '../protocol/tags';

export interface ResourceName {
  readonly kind: ResourceKind;
  readonly id: string;
}

export function readResourceName(parameters: QueryParameters): ResourceName {
  return parseResourceArn(requiredText(parameters, 'ResourceName'));
}

/** @throws RdsError DBInstanceNotFound | DBSnapshotNotFound */
export function tagsOf(state: RdsState, { kind, id }: ResourceName): readonly Tag[] {
  return (kind === 'db' ? instanceNamed(state, id) : snapshotNamed(state, id)).tags;
}

export function withTags(state: RdsState, { kind, id }: ResourceName, tags: readonly Tag[]): RdsState {
  return kind === 'db' ? changeInstance(state, id, { tags }) : changeSnapshot(state, id, { tags });
}
