import { type Client } from 'pg';
import { type SqlClient } from '../../domain/ports/sql-client';

/** What changes nothing, or only this session, which ends with its worker. */
const HARMLESS = /^\s*(SELECT|ROLLBACK|RESET|SET)\b/i;
const BUILD = /^CREATE (?:UNIQUE )?INDEX CONCURRENTLY "([^"]+)"/;

/**
 * A session whose worker dies once before and once behind each statement that changes something, and in the middle of each build of an
 * index, of which one that is not valid is left. Dead it asks nothing any more.
 */
export class MortalClient implements SqlClient {
  readonly #seen = new Set<string>();
  #dead = false;
  deaths = 0;

  /** @param admin may mark an index as the server does when a build breaks off */
  constructor(
    private readonly client: Client,
    private readonly admin: Client,
  ) {}

  /** How many statements it died around. */
  get statements(): number {
    return this.#seen.size;
  }

  /** Runs `work` again and again, as the next worker does, until it is not killed any more. */
  async untilDone(work: () => Promise<void>): Promise<void> {
    for (;;) {
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof Death)) throw error;
      }
      // The server ends a session whose worker is gone.
      await this.client.query('ROLLBACK; RESET ALL');
      this.#dead = false;
    }
  }

  async query(text: string, values?: unknown[]): ReturnType<SqlClient['query']> {
    if (this.#dead) throw new Death();
    const ask = () => this.client.query<Record<string, unknown>>(text, values);
    if (HARMLESS.test(text)) return ask();
    const statement = `${text} ${JSON.stringify(values ?? [])}`;
    this.#dieOnce(`before ${statement}`);
    const answer = await ask();
    const index = BUILD.exec(text)?.[1];
    if (index !== undefined && !this.#seen.has(`within ${statement}`)) {
      await this.admin.query('UPDATE pg_index SET indisvalid = false WHERE indexrelid = $1::regclass', [index]);
      this.#dieOnce(`within ${statement}`);
    }
    this.#dieOnce(`behind ${statement}`);
    return answer;
  }

  #dieOnce(when: string): void {
    if (this.#seen.has(when)) return;
    this.#seen.add(when);
    this.#dead = true;
    this.deaths += 1;
    throw new Death();
  }
}

class Death extends Error {
  override readonly name = 'Death';
}
