import { ServiceError } from '@temporalio/client';
import { NamespaceNotFoundError, WorkflowNotFoundError } from '@temporalio/common';
import { asTemporalFault } from '../../../../cli/temporal/temporal-fault';
import { CutoverFault } from '../../../../domain/faults';

const ASKED = { address: 'temporal.test:7233', namespace: 'hydra', workflowId: 'cutover/prod-eu' };

/** As the SDK throws it: its own error names the call, the cause is that of gRPC. */
function grpc(code: number, message: string): ServiceError {
  const cause = Object.assign(new Error(message), { code, details: message, metadata: {} });
  return new ServiceError('Failed to describe workflow', { cause });
}

it.each([
  [
    'a server that went away',
    grpc(14, 'connect ECONNREFUSED. Resolution note: '),
    'TEMPORAL_UNREACHABLE',
    'does not answer any more (connect',
  ],
  [
    'an answer that does not come',
    grpc(4, 'Deadline exceeded'),
    'TEMPORAL_UNREACHABLE',
    'a run that is under way goes on once it is back',
  ],
  [
    'a missing right',
    grpc(7, 'not yours'),
    'TEMPORAL_UNREACHABLE',
    'refuses us in namespace hydra (not yours); correct temporal.apiKey',
  ],
  ['missing credentials', grpc(16, 'who'), 'TEMPORAL_UNREACHABLE', 'correct temporal.apiKey or the client certificate'],
  [
    'a refused request',
    grpc(3, 'no attribute CutoverMode'),
    'CHECK_FAILED',
    'refuses this (no attribute CutoverMode); run `hydra-cutover doctor`',
  ],
  [
    'a refused request',
    new NamespaceNotFoundError('hydra'),
    'CHECK_FAILED',
    'has no namespace "hydra" for us; correct temporal.namespace',
  ],
  ['a namespace that is not found', grpc(5, 'namespace'), 'CHECK_FAILED', 'has no namespace "hydra" for us'],
  [
    'a run that is gone',
    new WorkflowNotFoundError('gone', 'cutover/prod-eu', undefined),
    'CUTOVER_UNKNOWN',
    'Temporal at temporal.test:7233, namespace hydra, knows no cutover "cutover/prod-eu"',
  ],
])('tells %s, which Temporal it was, and what to do', (_title, error, code, text) => {
  const fault = asTemporalFault(error, ASKED) as CutoverFault;
  expect(fault).toMatchObject({ code, message: expect.stringContaining(text) as string });
  expect(fault.message).toContain('temporal.test:7233');
  expect(fault.message).not.toContain('Resolution note');
});

it.each([
  ['an error of ours', new TypeError('a defect')],
  ['a fault', new CutoverFault('NO_WORKER', 'nobody')],
  ['a text', 'text'],
])('leaves %s as it is', (_title, error) => {
  expect(asTemporalFault(error, ASKED)).toBe(error);
});
