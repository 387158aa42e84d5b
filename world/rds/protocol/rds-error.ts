/**
 * AWS's error codes as they stand on the wire, with their HTTP status. Clients decide by the code; several differ from the
 * exception's name in the SDK (`DBInstanceNotFound` arrives as `DBInstanceNotFoundFault`).
 *
 * Source: Amazon RDS API Reference, "Common Errors" and the error lists of the actions.
 */
export const RDS_ERRORS = {
  AccessDenied: 403,
  DBInstanceAlreadyExists: 400,
  DBInstanceNotFound: 404,
  DBSnapshotAlreadyExists: 400,
  DBSnapshotNotFound: 404,
  DBSubnetGroupNotFoundFault: 404,
  IncompleteSignature: 400,
  InstanceQuotaExceeded: 400,
  InsufficientDBInstanceCapacity: 400,
  InternalFailure: 500,
  InvalidAction: 400,
  InvalidClientTokenId: 403,
  InvalidDBInstanceState: 400,
  InvalidDBSnapshotState: 400,
  InvalidParameterCombination: 400,
  InvalidParameterValue: 400,
  MalformedQueryString: 404,
  MethodNotAllowed: 405,
  MissingAction: 400,
  MissingAuthenticationToken: 403,
  MissingParameter: 400,
  RequestEntityTooLarge: 413,
  RequestExpired: 400,
  ServiceUnavailable: 503,
  SignatureDoesNotMatch: 403,
  SnapshotQuotaExceeded: 400,
  StorageQuotaExceeded: 400,
  Throttling: 400,
} as const;

export type RdsErrorCode = keyof typeof RDS_ERRORS;

export function isRdsErrorCode(code: string): code is RdsErrorCode {
  return Object.hasOwn(RDS_ERRORS, code);
}

/** A refusal that is answered to the caller. Anything else that is thrown is answered as InternalFailure. */
export class RdsError extends Error {
  readonly code: RdsErrorCode;

  constructor(code: RdsErrorCode, message: string) {
    super(message);
    this.name = 'RdsError';
    this.code = code;
  }

  get status(): number {
    return RDS_ERRORS[this.code];
  }

  /** Who is at fault, in AWS's words. */
  get type(): 'Sender' | 'Receiver' {
    return this.status >= 500 ? 'Receiver' : 'Sender';
  }
}
