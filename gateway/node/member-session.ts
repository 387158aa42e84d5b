import { z } from 'zod';
import { type Connection, openConnection, type PostgresLogin } from '../../adapters/postgres/open-connection';
import { EPOCH_MAX } from '../../domain/target';
import { type BeatAnswer } from '../core/membership';

const PURPOSE = 'gateway member';
const CLOSE_LIMIT_MS = 500;
const epoch = z.int().min(1).max(EPOCH_MAX).nullable();
const beatAnswer = z.object({ admitted: z.boolean(), living: epoch, committed: epoch });

/**
 * No arbiter, one that knows of no members, or one that this role may not be a member of: as before there were any.
 * Source: PostgreSQL manual, "PostgreSQL Error Codes": undefined schema, undefined function, insufficient privilege.
 */
const NO_MEMBERS = ['3F000', '42883', '42501'];

export function knowsNoMembers(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && NO_MEMBERS.includes(String(error.code));
}

export interface BeatTerms {
  readonly leaseMs: number;
  readonly knownEpoch: number;
  readonly movedEpoch: number;
}

export interface MemberSessionOptions {
  /** Of the side that would be left: its fence counts members. */
  readonly login: PostgresLogin;
  readonly member: string;
  /** What people recognise it by. */
  readonly name: string;
  readonly timeoutMs: number;
}

/** The session in which a gateway beats, kept open between beats and made anew after each that failed. */
export class MemberSession {
  private connection: Promise<Connection> | undefined;

  constructor(private readonly options: MemberSessionOptions) {}

  /** @throws when there is no answer in time; {@link knowsNoMembers} */
  async beat({ leaseMs, knownEpoch, movedEpoch }: BeatTerms): Promise<BeatAnswer> {
    const { member, name } = this.options;
    const call = 'beat_member($1::uuid, $2::text, $3::integer, $4::bigint, $5::bigint)';
    return beatAnswer.parse(await this.ask(call, [member, name, leaseMs, knownEpoch, movedEpoch]));
  }

  /** Whether an attempt of exactly this epoch is alive there. @throws as `beat` */
  async prepares(epochInQuestion: number): Promise<boolean> {
    return (await this.ask('prepares($1::bigint)', [epochInQuestion])) === true;
  }

  /** Only once nothing is forwarded any more. @throws as `beat` */
  async leave(): Promise<void> {
    await this.ask('leave_member($1::uuid)', [this.options.member]);
  }

  async close(): Promise<void> {
    const open = this.connection;
    this.connection = undefined;
    await open?.then((connection) => connection.close(CLOSE_LIMIT_MS)).catch(() => undefined);
  }

  private async ask(call: string, values: unknown[]): Promise<unknown> {
    const { timeoutMs } = this.options;
    const session = (this.connection ??= this.open());
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
    });
    const sql = `SELECT hydra_cutover_asks.${call} AS answer`;
    const answered = session.then(({ client }) => client.query<{ answer: unknown }>(sql, values));
    answered.catch(() => undefined);
    try {
      const { rows } = await Promise.race([answered, late]);
      return rows[0]?.answer;
    } catch (error) {
      if (this.connection === session) this.connection = undefined;
      session.then((connection) => connection.destroy()).catch(() => undefined);
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  private async open(): Promise<Connection> {
    const { login, timeoutMs } = this.options;
    const connection = await openConnection(login, { purpose: PURPOSE, connectTimeoutMs: timeoutMs });
    await connection.client.query(`SET statement_timeout = ${timeoutMs}`);
    return connection;
  }
}
