import { Client, Connection, type ConnectionOptions } from '@temporalio/client';
import { BRAKE_QUERY } from '../../domain/brake';
import { CutoverFault, isCutoverFault } from '../../domain/faults';
import { type RunBrake } from '../../domain/ports/run-brake';
import { type PastRun, type RunHistory } from '../../domain/ports/run-history';
import { type BrakeState, cutoverWorkflowId, type CutoverStatus, STATUS_QUERY } from '../../domain/runbook';
import { readRuns } from './read-runs';

export interface TemporalRunOptions {
  /** Asked for each time: reading a profile may fail, and then only this answer is missing. */
  readonly connection: () => { readonly connectionOptions: ConnectionOptions; readonly namespace: string };
  /** For all of one look. */
  readonly timeoutMs: number;
}

/** {@link RunBrake} by the workflow's Query. */
export class TemporalRunBrake implements RunBrake {
  constructor(private readonly options: TemporalRunOptions) {}

  async read(environment: string): Promise<BrakeState | null> {
    const missing = (limit: string) => `the run of ${environment} did not report ${limit} how fast blue may be read`;
    return orUnreachable(this.options, environment, missing, ({ workflow }) =>
      workflow.getHandle(cutoverWorkflowId(environment)).query<BrakeState | null>(BRAKE_QUERY),
    );
  }
}

/** {@link RunHistory} over what Temporal keeps. */
export class TemporalRunHistory implements RunHistory {
  constructor(private readonly options: TemporalRunOptions) {}

  async recent(environment: string, limit: number): Promise<readonly PastRun[]> {
    const missing = (within: string) => `Temporal did not list the earlier runs of ${environment} ${within}`;
    return orUnreachable(this.options, environment, missing, (client) => readRuns(client, environment, limit));
  }
}

/** What the latest run of an environment says of itself. */
export class TemporalRunStatus {
  constructor(private readonly options: TemporalRunOptions) {}

  /** @returns null when there is none, or nobody answers in time */
  async read(environment: string): Promise<CutoverStatus | null> {
    // Whatever the reason: the metrics say that nothing is known.
    return withClient(this.options, ({ workflow }) =>
      workflow.getHandle(cutoverWorkflowId(environment)).query<CutoverStatus>(STATUS_QUERY),
    ).catch(() => null);
  }
}

/** @param missing what is not known then, with the limit */
async function orUnreachable<T>(
  options: TemporalRunOptions,
  environment: string,
  missing: (limit: string) => string,
  look: (client: Client) => Promise<T>,
): Promise<T> {
  try {
    return await withClient(options, look);
  } catch (error) {
    if (isCutoverFault(error)) throw error;
    const message = missing(`within ${options.timeoutMs} ms`);
    throw new CutoverFault('TEMPORAL_UNREACHABLE', message, { environment }, error);
  }
}

/** Connects for one look and leaves nothing open. @throws when nobody answers in time */
async function withClient<T>(
  { connection: connect, timeoutMs }: TemporalRunOptions,
  look: (client: Client) => Promise<T>,
): Promise<T> {
  const { connectionOptions, namespace } = connect();
  const connection = Connection.lazy({ ...connectionOptions, connectTimeout: timeoutMs });
  try {
    const client = new Client({ connection, namespace });
    return await connection.withDeadline(Date.now() + timeoutMs, () => look(client));
  } finally {
    await connection.close();
  }
}
