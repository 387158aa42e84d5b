import { type DatabaseSession } from '../../domain/ports/databases';
import { type StepInput } from '../../domain/steps';
import { assertGreen } from '../../hydra/closing';
import { type StepDeps } from '../step';
import { openSession, type OpenSession } from './open-session';
import { type SwitchoverSync, type SwitchoverTools } from './tools';
import { within } from './within';

const PURPOSE = 'switchover';
/** One question to an arbiter, with its connection, before another connection is tried. */
const QUESTION_LIMIT_MS = 5_000;

/** The sessions of one attempt: all are open before the first request is held, so that nothing connects during the pause. */
export class PauseSessions {
  private blueSession: OpenSession | undefined;
  /** For claims: the first one may have a statement that never ends. */
  private claimSession: OpenSession | undefined;
  private greenSession: OpenSession | undefined;
  private syncSession: SwitchoverSync | undefined;

  constructor(
    private readonly deps: StepDeps,
    private readonly input: StepInput,
    private readonly tools: SwitchoverTools,
  ) {}

  get blue(): DatabaseSession {
    return opened(this.blueSession, 'blue').client;
  }

  get green(): DatabaseSession {
    return opened(this.greenSession, 'green').client;
  }

  get sync(): SwitchoverSync {
    return opened(this.syncSession, 'sync');
  }

  /** @throws CutoverFault DB_UNREACHABLE | SYNC_FENCED | CROSSED_CONNECTION */
  async openForPause(): Promise<void> {
    const { databases } = this.deps;
    this.blueSession ??= await openSession(databases, 'blue', PURPOSE);
    this.claimSession ??= await openSession(databases, 'blue', `${PURPOSE} claim`);
    this.greenSession ??= await this.openGreen();
    this.syncSession ??= await this.tools.openSync(this.deps, this.input, this.blueSession.client);
  }

  /** Asks blue in the session kept for it; a session that fails is replaced at the next call. */
  async askBlue<T>(ask: (blue: DatabaseSession) => Promise<T>): Promise<T> {
    try {
      return await within(QUESTION_LIMIT_MS, 'a question to blue', 'DB_UNREACHABLE', this.askWith(ask));
    } catch (error) {
      const failed = this.claimSession;
      this.claimSession = undefined;
      void failed?.close();
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
        await within(QUESTION_LIMIT_MS, 'a question to green', 'DB_UNREACHABLE', before.client.query('ROLLBACK'));
        return before.client;
      }
    } catch {
      this.greenSession = undefined;
      await before?.close();
    }
    this.greenSession = await this.openGreen();
    return this.greenSession.client;
  }

  /** By its address alone it could be anything: the green of another cutover, say, that everybody uses. */
  private async openGreen(): Promise<OpenSession> {
    const session = await openSession(this.deps.databases, 'green', PURPOSE);
    try {
      await within(QUESTION_LIMIT_MS, 'a question to green', 'DB_UNREACHABLE', this.assertOurs(session));
      return session;
    } catch (error) {
      void session.close();
      throw error;
    }
  }

  private async assertOurs({ client }: OpenSession): Promise<void> {
    await assertGreen(client, this.input.cutoverId);
  }

  async close(): Promise<void> {
    await this.syncSession?.close().catch(() => undefined);
    const sessions = [this.blueSession, this.claimSession, this.greenSession];
    await Promise.all(sessions.flatMap((session) => session?.close() ?? []));
  }

  private async askWith<T>(ask: (blue: DatabaseSession) => Promise<T>): Promise<T> {
    this.claimSession ??= await openSession(this.deps.databases, 'blue', `${PURPOSE} claim`);
    return ask(this.claimSession.client);
  }
}

function opened<T>(session: T | undefined, name: string): T {
  if (session === undefined) throw new Error(`the ${name} session of a switchover is used before it is open`);
  return session;
}
