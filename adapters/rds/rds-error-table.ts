import { CutoverFault, type FaultCode, isCutoverFault } from '../../domain/faults';

/**
 * What AWS's error names mean to a cutover. Anything else is RDS_FAILED.
 *
 * Source: Amazon RDS API Reference, "Common Errors"; names of socket errors: Node.js, "Common system errors".
 */
const FAULT_BY_ERROR_NAME: Readonly<Record<string, FaultCode>> = {
  Throttling: 'RDS_UNREACHABLE',
  ThrottlingException: 'RDS_UNREACHABLE',
  RequestLimitExceeded: 'RDS_UNREACHABLE',
  ServiceUnavailable: 'RDS_UNREACHABLE',
  InternalFailure: 'RDS_UNREACHABLE',
  RequestTimeout: 'RDS_UNREACHABLE',
  TimeoutError: 'RDS_UNREACHABLE',
  ECONNREFUSED: 'RDS_UNREACHABLE',
  ECONNRESET: 'RDS_UNREACHABLE',
  EHOSTUNREACH: 'RDS_UNREACHABLE',
  ENETUNREACH: 'RDS_UNREACHABLE',
  ENOTFOUND: 'RDS_UNREACHABLE',
  EAI_AGAIN: 'RDS_UNREACHABLE',
  EPIPE: 'RDS_UNREACHABLE',
  ETIMEDOUT: 'RDS_UNREACHABLE',
  InvalidDBInstanceStateFault: 'RDS_BUSY',
  InvalidDBSnapshotStateFault: 'RDS_BUSY',
};

/** @returns AWS's name of an error (`DBInstanceNotFoundFault`), or the code of a socket error */
export function rdsErrorName(error: unknown): string {
  if (!(error instanceof Error)) return '';
  const { code } = error as NodeJS.ErrnoException;
  return error.name === 'Error' && code !== undefined ? code : error.name;
}

/**
 * @param doing what was asked of RDS and of which resource, for the message: `creating snapshot x of instance y`
 * @returns a fault; one that is a fault already, and an abort, as they are
 */
export function asRdsFault(error: unknown, doing: string): unknown {
  if (isCutoverFault(error) || !(error instanceof Error) || error.name === 'AbortError') return error;
  const name = rdsErrorName(error);
  const code = FAULT_BY_ERROR_NAME[name] ?? 'RDS_FAILED';
  const next = {
    RDS_UNREACHABLE: 'check the network, the endpoint and the API rate, or try again later',
    RDS_BUSY: 'try again when it is available',
    RDS_FAILED: 'see the RDS console and the permissions of the credentials in use',
  }[code as 'RDS_UNREACHABLE' | 'RDS_BUSY' | 'RDS_FAILED'];
  return new CutoverFault(code, `RDS refused ${doing}: ${name}: ${error.message}; ${next}`, { awsError: name }, error);
}
