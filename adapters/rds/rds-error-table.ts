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
  CredentialsProviderError: 'RDS_DENIED',
  AccessDenied: 'RDS_DENIED',
  AccessDeniedException: 'RDS_DENIED',
  UnauthorizedOperation: 'RDS_DENIED',
  InvalidClientTokenId: 'RDS_DENIED',
  SignatureDoesNotMatch: 'RDS_DENIED',
  ExpiredToken: 'RDS_DENIED',
  // AWS has machines again sooner or later.
  InsufficientDBInstanceCapacityFault: 'RDS_BUSY',
  InvalidDBInstanceStateFault: 'RDS_BUSY',
  InvalidDBSnapshotStateFault: 'RDS_BUSY',
};

/** What to do next, where it is not what the fault's code says. */
const NEXT_BY_ERROR_NAME: Readonly<Record<string, string>> = {
  CertificateNotFoundFault: 'correct green.instance.caCertificate: AWS may have retired the one that blue has',
  DBInstanceAlreadyExistsFault: 'somebody made it meanwhile: choose another green.rdsInstanceId or remove it',
  DBParameterGroupNotFoundFault: 'correct green.instance.parameterGroup, or make the group again',
  DBSnapshotNotFoundFault:
    'somebody removed the snapshot: begin again, with a new one; blue serves and needs nothing of it',
  DBSubnetGroupNotFoundFault: 'correct green.instance.subnetGroup, or make the group again',
  InstanceQuotaExceededFault: 'ask AWS for a higher quota of DB instances or remove one, then start again',
  InsufficientDBInstanceCapacityFault:
    'AWS has no such machine there now: later, or another green.instance.instanceClass',
  KMSKeyNotAccessibleFault: "give RDS and the credentials in use access to the KMS key of blue's storage",
  OptionGroupNotFoundFault: 'correct green.instance.optionGroup, or make the group again',
  ProvisionedIopsNotAvailableInAZFault: 'correct green.instance.storageType and iops',
  SnapshotQuotaExceededFault: 'ask AWS for a higher quota of manual snapshots or remove some, then start again',
  StorageQuotaExceededFault: 'ask AWS for a higher quota of storage or remove an instance, then start again',
  StorageTypeNotSupportedFault: 'correct green.instance.storageType',
};

/** @returns AWS's name of an error (`DBInstanceNotFoundFault`), or the code of a socket error */
export function rdsErrorName(error: unknown): string {
  // By shape: an error of a socket may come from another realm.
  const { name = '', code } = (error ?? {}) as Partial<NodeJS.ErrnoException>;
  return typeof code === 'string' && Object.hasOwn(FAULT_BY_ERROR_NAME, code) ? code : name;
}

/**
 * @param doing what was asked of RDS and of which resource, for the message: `creating snapshot x of instance y`
 * @returns a fault; one that is a fault already, and an abort, as they are
 */
export function asRdsFault(error: unknown, doing: string): unknown {
  const name = rdsErrorName(error);
  if (isCutoverFault(error) || name === 'AbortError' || name === '') return error;
  const { message } = error as Error;
  // The SDK's own error, before anything is sent; it has no name.
  if (/region is missing/i.test(message)) {
    return new CutoverFault('RDS_FAILED', `${doing}: no AWS region is set; set rds.region or AWS_REGION`, {}, error);
  }
  const code = FAULT_BY_ERROR_NAME[name] ?? (wasAnswered(error) ? 'RDS_FAILED' : 'RDS_UNREACHABLE');
  const next =
    NEXT_BY_ERROR_NAME[name] ??
    {
      RDS_UNREACHABLE: 'check the network, the endpoint and the API rate, or try again later',
      RDS_BUSY: 'try again when it is available',
      RDS_DENIED: 'correct the credentials, or give them the policy of `hydra-cutover privileges --iam`',
      RDS_FAILED: 'see the RDS console',
    }[code as 'RDS_UNREACHABLE' | 'RDS_BUSY' | 'RDS_DENIED' | 'RDS_FAILED'];
  return new CutoverFault(
    code,
    `RDS refused ${doing}: ${name}: ${String(message)}; ${next}`,
    { awsError: name },
    error,
  );
}

/** A request that was sent, again and again, and brought no HTTP status: a failure of the network, whatever its name. */
function wasAnswered(error: unknown): boolean {
  const { $metadata } = error as { $metadata?: { attempts?: number; httpStatusCode?: number } };
  return $metadata?.attempts === undefined || $metadata.httpStatusCode !== undefined;
}
