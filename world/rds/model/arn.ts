import { invalid } from '../protocol/read-parameters';

const ACCOUNT = '000000000000';

export type ResourceKind = 'db' | 'snapshot';

export function resourceArn(region: string, kind: ResourceKind, id: string): string {
  return `arn:aws:rds:${region}:${ACCOUNT}:${kind}:${id}`;
}

/** @throws RdsError InvalidParameterValue for anything that is no ARN of an instance or snapshot */
export function parseResourceArn(arn: string): { readonly kind: ResourceKind; readonly id: string } {
  const match = /^arn:aws:rds:[a-z0-9-]+:\d{12}:(db|snapshot):([a-z0-9-]+)$/i.exec(arn);
  if (match === null) throw invalid('The specified resource name does not match an RDS resource in this region.');
  return { kind: match[1] === 'db' ? 'db' : 'snapshot', id: (match[2] ?? '').toLowerCase() };
}
