import { errorMessage } from './error-message';

/**
 * Everything that can go wrong, in one table. Code decides by `code`, never by message; a message may change, a code may not.
 *
 * `retryable`: the same call may succeed later without anybody's help. `exitCode`: what the CLI ends with (README,
 * "Commands and exit codes"). `meaning`: one line for the generated reference.
 */
export const FAULTS = {
  USAGE: { retryable: false, exitCode: 2, meaning: 'the command line is not understood' },
  CONFIG_INVALID: { retryable: false, exitCode: 2, meaning: 'the config has problems; all of them are listed' },
  CONFIG_UNREADABLE: { retryable: false, exitCode: 2, meaning: 'the config file is missing, not readable or not YAML' },

  CHECK_FAILED: { retryable: false, exitCode: 3, meaning: 'a check refused; nothing was changed' },
  TOOL_MISSING: { retryable: false, exitCode: 3, meaning: 'a program this needs is not installed' },
  TOOL_UNUSABLE: {
    retryable: false,
    exitCode: 3,
    meaning: 'a program was found but does not run or is another version',
  },
  NODE_UNSUPPORTED: {
    retryable: false,
    exitCode: 3,
    meaning: 'the worker or gateway was started with an unsupported line of Node.js',
  },
  TOOL_HASH_MISMATCH: { retryable: false, exitCode: 3, meaning: 'a downloaded file does not have the pinned hash' },
  TOOL_DOWNLOAD_FAILED: { retryable: true, exitCode: 6, meaning: 'a download did not succeed' },
  TOOL_BUILD_FAILED: { retryable: false, exitCode: 3, meaning: 'a program could not be built from source' },
  PORT_TAKEN: { retryable: false, exitCode: 3, meaning: 'a fixed port is in use by another process' },
  WORLD_IN_USE: { retryable: false, exitCode: 3, meaning: 'another process runs a world in the same folder' },
  DISK_FULL: { retryable: false, exitCode: 3, meaning: 'a file system has no space left' },

  SCHEMA_VERSION: {
    retryable: false,
    exitCode: 3,
    meaning: 'what is kept in a database or beside a target was written by another version of hydra-cutover',
  },
  STATE_UNREADABLE: { retryable: false, exitCode: 3, meaning: 'a state file exists but cannot be used' },
  REPORT_UNREADABLE: { retryable: false, exitCode: 3, meaning: 'the folder of kept reports cannot be read' },
  STATE_UNWRITABLE: { retryable: true, exitCode: 6, meaning: 'a state file could not be written' },
  TARGET_STATE_INVALID: { retryable: false, exitCode: 3, meaning: 'a target refuses a state it cannot serve' },

  PROCESS_DIED: { retryable: false, exitCode: 6, meaning: 'a supervised process ended by itself' },
  PROCESS_NOT_READY: { retryable: false, exitCode: 6, meaning: 'a supervised process did not become ready in time' },
  DB_UNREACHABLE: { retryable: true, exitCode: 6, meaning: 'a PostgreSQL server does not answer' },
  DB_UNTRUSTED: {
    retryable: false,
    exitCode: 6,
    meaning: 'a PostgreSQL server does not prove its identity by TLS',
  },
  WEBHOOK_FAILED: {
    retryable: true,
    exitCode: 6,
    meaning: 'the webhook did not accept a notification; no run waits for it',
  },
  RDS_FAILED: { retryable: false, exitCode: 6, meaning: 'the RDS API refused a request or an operation ended badly' },
  INSTANCE_DIFFERS: { retryable: false, exitCode: 6, meaning: "green's instance is not what was planned" },
  RDS_BUSY: {
    retryable: true,
    exitCode: 6,
    meaning: 'an RDS resource is in a state that does not allow the request yet',
  },
  RDS_UNREACHABLE: { retryable: true, exitCode: 6, meaning: 'the RDS API does not answer or throttles' },
  RDS_DENIED: { retryable: false, exitCode: 6, meaning: 'the AWS credentials do not allow what RDS was asked for' },
  SECRET_UNUSABLE: {
    retryable: false,
    exitCode: 6,
    meaning: 'a secret in AWS Secrets Manager is missing, not allowed or not of the expected form',
  },
  SECRETS_UNREACHABLE: { retryable: true, exitCode: 6, meaning: 'AWS Secrets Manager does not answer or throttles' },
  TEMPORAL_UNREACHABLE: { retryable: true, exitCode: 6, meaning: 'the Temporal server does not answer' },
  HYDRA_UNREACHABLE: { retryable: true, exitCode: 6, meaning: 'a Hydra does not answer' },
  HYDRA_UNEXPECTED: { retryable: false, exitCode: 6, meaning: 'a Hydra answered, but not as the protocol promises' },

  TARGET_UNREACHABLE: { retryable: true, exitCode: 6, meaning: 'a gateway, target or job does not answer' },
  TARGET_REFUSED: { retryable: false, exitCode: 6, meaning: 'a gateway or target refuses an epoch' },
  EPOCH_IMPOSSIBLE: {
    retryable: false,
    exitCode: 3,
    meaning: 'a gateway, target or arbiter has an epoch from which no switchover can go on',
  },
  TARGET_FELL_BACK: {
    retryable: false,
    exitCode: 6,
    meaning: 'a gateway or target no longer serves the epoch that it had confirmed',
  },
  GATEWAY_BUSY: { retryable: true, exitCode: 6, meaning: 'requests at a gateway did not end in time' },
  COMMAND_FAILED: {
    retryable: false,
    exitCode: 6,
    meaning: 'a command of the config could not be run, or took too long',
  },
  MIGRATION_FAILED: { retryable: false, exitCode: 6, meaning: 'migrations of green are not all applied' },
  CROSSED_CONNECTION: {
    retryable: false,
    exitCode: 3,
    meaning: 'a connection leads to the other side, or to another database than before',
  },
  CUTOVER_RUNNING: { retryable: false, exitCode: 3, meaning: 'another cutover of this database is under way' },
  STALE_ORDER: {
    retryable: false,
    exitCode: 3,
    meaning: 'a later step of an upgrade in place has acted already; this late one changed nothing',
  },
  CAPTURE_BROKEN: { retryable: false, exitCode: 6, meaning: 'changes on blue are not recorded as they should be' },
  SYNC_FENCED: { retryable: false, exitCode: 6, meaning: 'a newer sync has taken over, or green is open already' },
  SYNC_FAILED: { retryable: false, exitCode: 6, meaning: 'a change of blue cannot be carried to green' },
  ROW_UNREADABLE: {
    retryable: true,
    exitCode: 6,
    meaning: 'a row of blue holds what green cannot store; it is carried as soon as somebody corrects it on blue',
  },
  REMOVAL_UNCONFIRMED: {
    retryable: false,
    exitCode: 3,
    meaning:
      'a cleaning rule would remove a large share of a table, and nobody has said yes to so many rows; none was removed',
  },
  PARITY_DIFFERS: { retryable: false, exitCode: 6, meaning: 'rows of green differ from those of blue' },
  FENCE_UNPROVEN: {
    retryable: false,
    exitCode: 5,
    meaning:
      'committed, but it is unproven that no write got around the fence of blue; green stays closed until a person decides',
  },
  READS_UNDER_WAY: {
    retryable: false,
    exitCode: 6,
    meaning: 'gateways still have requests under way at blue, and stopping it would cut them off; it was not stopped',
  },
  SHARE_BAD: {
    retryable: false,
    exitCode: 6,
    meaning:
      'the new version answered worse than the old one beside it, or received too few requests to judge, and a person gave up',
  },
  LOCK_BUSY: { retryable: true, exitCode: 6, meaning: 'a database lock could not be obtained in time' },

  UNDONE: {
    retryable: false,
    exitCode: 4,
    meaning: 'the cutover was rejected, failed or was cancelled; blue serves and everything is undone',
  },
  GATE_REJECTED: { retryable: false, exitCode: 4, meaning: 'a person rejected at a gate' },
  GATE_TIMEOUT: { retryable: false, exitCode: 4, meaning: 'nobody decided at a gate in time' },
  UNDO_INCOMPLETE: { retryable: false, exitCode: 5, meaning: 'undoing did not succeed everywhere; a person is needed' },
  PERSON_NEEDED: { retryable: false, exitCode: 5, meaning: 'the cutover waits at a gate for a person' },
  GATE_NOT_OPEN: { retryable: false, exitCode: 3, meaning: 'the decision is for a gate that is not open' },
  DECISION_INVALID: {
    retryable: false,
    exitCode: 2,
    meaning: 'a decision does not have the right form, or comes from somebody who may not decide',
  },
  CUTOVER_UNKNOWN: { retryable: false, exitCode: 3, meaning: 'there is no such cutover' },
  SCHEDULE_UNKNOWN: { retryable: false, exitCode: 3, meaning: 'there is no such schedule of rehearsals' },
  WAIT_TIMEOUT: { retryable: true, exitCode: 6, meaning: 'the run did not end within `--timeout` and goes on' },
  NO_WORKER: { retryable: true, exitCode: 6, meaning: 'no worker answers for the cutover' },

  INTERNAL: { retryable: false, exitCode: 1, meaning: 'a defect in this program' },
} as const satisfies Record<string, FaultKind>;

interface FaultKind {
  readonly retryable: boolean;
  readonly exitCode: number;
  readonly meaning: string;
}

export type FaultCode = keyof typeof FAULTS;

/** Fields of a fault. Plain JSON, and never a secret, a DSN or row content. */
export type FaultDetails = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

/**
 * The one error class of this project.
 *
 * The message says what happened, to which object, what was observed and what is allowed, and what to do next.
 */
export class CutoverFault extends Error {
  readonly code: FaultCode;
  readonly details: FaultDetails;

  constructor(code: FaultCode, message: string, details: FaultDetails = {}, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'CutoverFault';
    this.code = code;
    this.details = details;
  }

  get retryable(): boolean {
    return FAULTS[this.code].retryable;
  }

  get exitCode(): number {
    return FAULTS[this.code].exitCode;
  }
}

/**
 * Decides by shape and not by `instanceof`: a fault may come from another realm (Temporal's sandbox, Jest).
 */
export function isCutoverFault(error: unknown): error is CutoverFault {
  return error instanceof Error && error.name === 'CutoverFault' && 'code' in error && String(error.code) in FAULTS;
}

/** @returns `error` itself if it is a fault already, else an INTERNAL fault that keeps it as its cause. */
export function asCutoverFault(error: unknown): CutoverFault {
  if (isCutoverFault(error)) return error;
  const message = errorMessage(error);
  return new CutoverFault('INTERNAL', message, {}, error);
}
