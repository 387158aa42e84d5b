import { CutoverFault } from '../../domain/faults';
import { type DatabaseSession } from '../../domain/ports/databases';
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
  private blueSession: OpenSession | undefined;
  /** For claims: the first one may have a statement that never ends. */
  private claimSession: Promise<OpenSession> | undefined;
  private greenSession: OpenSession | undefined;
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

  get blue(): DatabaseSession {
    return opened(this.blueSession, 'blue').client;
  }

  get green(): DatabaseSession {
    return opened(this.greenSession, 'green').client;
  }

  get sync(): OpenSync {
    return opened(this.syncSession, 'sync');
  }

  /** @throws CutoverFault DB_UNREACHABLE | SYNC_FENCED | CROSSED_CONNECTION */
  async openForPause(): Promise<void> {
    const answerLimitMs = this.patience.statementMs;
    const blue = { purpose: PURPOSE, answerLimitMs, isPipelined: true, keepsPlans: true };
    this.blueSession ??= await openSession(this.deps.databases, this.tools.direction.from, blue);
    await this.askBlue(() => Promise.resolve());
    this.greenSession ??= await this.openGreen();
    this.syncSession ??= await this.tools.openSync(this.deps, this.input, this.blueSession.client, { answerLimitMs });
  }

  /** Asks blue in the session kept for it; a session that fails is replaced at the next call. */
  async askBlue<T>(ask: (blue: DatabaseSession) => Promise<T>): Promise<T> {
    const session = (this.claimSession ??= this.openClaim());
    const asked = session.then(({ client }) => ask(client));
    try {
      return await within(this.patience.questionMs, 'a question to blue', 'DB_UNREACHABLE', asked);
    } catch (error) {
      // One that opens too late is closed as well.
      session.then((opened) => opened.close()).catch(() => undefined);
      if (this.claimSession === session) this.claimSession = undefined;
      throw error;
    }
  }

  /**
   * @returns a session on green that answers and has no transaction open
   * @throws CutoverFault DB_UNREACHABLE | CROSSED_CONNECTION
   */
  async answeringGreen(): Promise<DatabaseSession> {
    const before = this.greenSession;
    try {
      if (before !== undefined) {
        await within(
          this.patience.questionMs,
          'a question to green',
          'DB_UNREACHABLE',
          before.client.query('ROLLBACK'),
        );
        return before.client;
      }
    } catch {
      this.greenSession = undefined;
      // Requests may be held, and a server that does not answer would be waited for; its locks end with its transaction in any case.
      void before?.close();
    }
    const session = await this.openGreen();
    if (this.isClosed) {
      void session.close();
      throw new CutoverFault(
        'DB_UNREACHABLE',
        'green answered after the switchover had ended, and is not needed any more',
      );
    }
    this.greenSession = session;
    return session.client;
  }

  /** By its address alone it could be anything: the green of another cutover, say, that everybody uses. */
  private async openGreen(): Promise<OpenSession> {
    const session = await openSession(this.deps.databases, this.tools.direction.to, {
      purpose: PURPOSE,
      answerLimitMs: this.patience.greenMs,
    });
    try {
      await within(this.patience.questionMs, 'a question to green', 'DB_UNREACHABLE', this.assertOurs(session));
      return session;
    } catch (error) {
      void session.close();
      throw error;
    }
  }

  private async assertOurs({ client }: OpenSession): Promise<void> {
    await assertSide(client, this.input.cutoverId, this.tools.direction.to);
  }

  async close(): Promise<void> {
    this.isClosed = true;
    await this.syncSession?.close().catch(() => undefined);
    const claimSession = await this.claimSession?.catch(() => undefined);
    const sessions = [this.blueSession, claimSession, this.greenSession];
    await Promise.all(sessions.flatMap((session) => session?.close() ?? []));
  }

  private openClaim(): Promise<OpenSession> {
    const answerLimitMs = this.patience.questionMs;
    return openSession(this.deps.databases, this.tools.direction.from, { purpose: `${PURPOSE} claim`, answerLimitMs });
  }
}

function opened<T>(session: T | undefined, name: string): T {
  if (session === undefined) throw new Error(`the ${name} session of a switchover is used before it is open`);
  return session;
}
