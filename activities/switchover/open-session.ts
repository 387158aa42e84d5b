import { type DatabaseSession, type Databases, type SessionOptions } from '../../domain/ports/databases';
import { type SideName } from '../../domain/sides';

export interface OpenSession {
  readonly client: DatabaseSession;
  /** Ends the session; one that hangs is cut after a moment. Idempotent, never rejects. */
  close(): Promise<void>;
}

const CLOSE_LIMIT_MS = 1_000;

/** A session as a thing to hold, for work whose sessions come and go independently. @throws CutoverFault DB_UNREACHABLE */
export function openSession(databases: Databases, side: SideName, options: SessionOptions): Promise<OpenSession> {
  return new Promise((resolve, reject) => {
    const cut = new AbortController();
    let release: () => void = () => undefined;
    const released = new Promise<void>((done) => (release = done));
    const close = async (): Promise<void> => {
      release();
      const timer = setTimeout(() => cut.abort(new Error('the session is not needed any more')), CLOSE_LIMIT_MS);
      await ended;
      clearTimeout(timer);
    };
    const work = async (client: DatabaseSession): Promise<void> => {
      resolve({ client, close });
      await released;
    };
    const ended = databases.withSession(side, work, { ...options, signal: cut.signal }).catch(reject);
  });
}
