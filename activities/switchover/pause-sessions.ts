import { CutoverFault } from '../../domain/faults';
import { type DatabaseSession } from '../../domain/ports/databases';
import { type SideName } from '../../domain/sides';
import { type StepInput } from '../../domain/steps';
import { assertSide } from '../../hydra/closing';
import { type StepDeps } from '../step';
import { type OpenSync } from '../sync-session';
import { openSession, type OpenSession } from './open-session';
import { type Patience } from './patience';
import { type SwitchoverTools } from './tools';
import { within } from './within';

const PURPOSE = 'switchover';

/** The sessions of one attempt: all are open before the first request is held, so that nothing connects during the pause. */
export class PauseSessions {
  private leftSession: OpenSession | undefined;
  /** For claims: the first one may have a statement that never ends. */
  private claimSession: Promise<OpenSession> | undefined;
  private enteredSession: OpenSession | undefined;
  private syncSession: OpenSync | undefined;
  private isClosed = false;

  constructor(
    private readonly deps: StepDeps,
    private readonly input: StepInput,
    private readonly tools: SwitchoverTools,
  ) {}

  private get patience(): Patience {
    return this.tools.patience;
  }

  get left(): DatabaseSession {
    return opened(this.leftSession, this.deps.direction.from).client;
  }

  get entered(): DatabaseSession {
    return opened(this.enteredSession, this.deps.direction.to).client;
  }

  get sync(): OpenSync {
    return opened(this.syncSession, 'sync');
  }

  /** @throws CutoverFault DB_UNREACHABLE | SYNC_FENCED | CROSSED_CONNECTION */
  async openForPause(): Promise<void> {
    const answerLimitMs = this.patience.statementMs;
    const options = { purpose: PURPOSE, answerLimitMs, isPipelined: true, keepsPlans: true };
    this.leftSession ??= await openSession(this.deps.databases, this.deps.direction.from, options);
    await this.askLeft(() => Promise.resolve());
    this.enteredSession ??= await this.openEntered();
    this.syncSession ??= await this.tools.openSync(this.deps, this.input, this.leftSession.client, { answerLimitMs });
  }

  /** Asks the left side in the session kept for it; a session that fails is replaced at the next call. */
  async askLeft<T>(ask: (left: DatabaseSession) => Promise<T>): Promise<T> {
    const session = (this.claimSession ??= this.openClaim());
    const asked = session.then(({ client }) => ask(client));
    try {
      return await this.answered(this.deps.direction.from, asked);
    } catch (error) {
      // One that opens too late is closed as well.
      session.then((opened) => opened.close()).catch(() => undefined);
      if (this.claimSession === session) this.claimSession = undefined;
      throw error;
    }
  }

  /**
   * @returns a session on the entered side that answers and has no transaction open
   * @throws CutoverFault DB_UNREACHABLE | CROSSED_CONNECTION
   */
  async answeringEntered(): Promise<DatabaseSession> {
    const before = this.enteredSession;
    try {
      if (before !== undefined) {
        await this.answered(this.deps.direction.to, before.client.query('ROLLBACK'));
        return before.client;
      }
    } catch {
      this.enteredSession = undefined;
      // Requests may be held, and a server that does not answer would be waited for; its locks end with its transaction in any case.
      void before?.close();
    }
    const session = await this.openEntered();
    if (this.isClosed) {
      void session.close();
      throw new CutoverFault(
        'DB_UNREACHABLE',
        `${this.deps.direction.to} answered after the switchover had ended, and is not needed any more`,
      );
    }
    this.enteredSession = session;
    return session.client;
  }

  /** By its address alone it could be anything: the entered side of another cutover, say, that everybody uses. */
  private async openEntered(): Promise<OpenSession> {
    const session = await openSession(this.deps.databases, this.deps.direction.to, {
      purpose: PURPOSE,
      answerLimitMs: this.patience.enteredMs,
      keepsPlans: true,
    });
    try {
      await this.answered(this.deps.direction.to, this.assertOurs(session));
      return session;
    } catch (error) {
      void session.close();
      throw error;
    }
  }

  private answered<T>(side: SideName, asked: Promise<T>): Promise<T> {
    return within(this.patience.questionMs, `a question to ${side}`, 'DB_UNREACHABLE', asked);
  }

  private async assertOurs({ client }: OpenSession): Promise<void> {
    await assertSide(client, this.input.cutoverId, this.deps.direction.to);
  }

  async close(): Promise<void> {
    this.isClosed = true;
    await this.syncSession?.close().catch(() => undefined);
    const claimSession = await this.claimSession?.catch(() => undefined);
    const sessions = [this.leftSession, claimSession, this.enteredSession];
    await Promise.all(sessions.flatMap((session) => session?.close() ?? []));
  }

  private openClaim(): Promise<OpenSession> {
    const answerLimitMs = this.patience.questionMs;
    const options = { purpose: `${PURPOSE} claim`, answerLimitMs, keepsPlans: true };
    return openSession(this.deps.databases, this.deps.direction.from, options);
  }
}

function opened<T>(session: T | undefined, name: string): T {
  if (session === undefined) throw new Error(`the ${name} session of a switchover is used before it is open`);
  return session;
}
