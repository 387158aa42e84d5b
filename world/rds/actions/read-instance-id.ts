import { type QueryParameters } from '../protocol/query-parameters';
import { existingIdentifier, requiredText } from '../protocol/read-parameters';

/** The instance a request is about, by name or ARN. */
export function readInstanceId(parameters: QueryParameters): string {
  return existingIdentifier(requiredText(parameters, 'DBInstanceIdentifier'), 'db');
}

export function readSnapshotId(parameters: QueryParameters): string {
  return existingIdentifier(requiredText(parameters, 'DBSnapshotIdentifier'), 'snapshot');
}
