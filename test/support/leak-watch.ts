import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { type Client } from '@temporalio/client';
import { runCutoverCli } from '../../world/demo/cli-process';
import { type WorldInfo } from '../../world/up';
import { type Leak, LeakSearch } from './leak-search';

const SAMPLE_MS = 150;
const WORKFLOW_ID = 'cutover/world';

/** Where secrets of a world have to be kept; everything else in its folder is searched. */
const BELONGS = [
  // Of the world itself.
  /^settings\.json$/,
  // What the config refers to, and what Hydra's own deployment knows.
  /^data\/cutover\/secrets\//,
  /^data\/sides\//,
  // The users' password, of those who log in with it.
  /^data\/(login-app|traffic)\/config\.json$/,
  // The databases. Their logs and the endpoint's state are searched.
  /^data\/rds\/(?!.*postgres\.log$|state\.json$)/,
];

/** What must have been seen, or the search would say nothing. */
export interface LeakReport {
  readonly leaks: readonly Leak[];
  readonly secrets: number;
  readonly searchedBytes: number;
  readonly commandLines: number;
  readonly historyEvents: number;
  readonly files: readonly string[];
}

/**
 * Watches an upgrade from its start and searches at its end: in the exported history with decoded payloads, heartbeats, every log,
 * what the command line prints, the command lines of all processes, and the files of the run.
 */
export class LeakWatch {
  readonly #info: WorldInfo;
  readonly #temporal: Client;
  readonly #search = new LeakSearch();
  readonly #commandLines = new Set<string>();
  readonly #heartbeats = new Set<string>();
  readonly #timer: NodeJS.Timeout;
  #sampling: Promise<void> = Promise.resolve();

  private constructor(info: WorldInfo, temporal: Client) {
    this.#info = info;
    this.#temporal = temporal;
    this.#timer = setInterval(() => {
      this.#sampling = this.#sampling.then(() => this.#sample());
    }, SAMPLE_MS);
  }

  /** @param upgrade a world before its upgrade is started */
  static start(upgrade: { readonly world: { readonly info: WorldInfo }; readonly temporal: Client }): LeakWatch {
    return new LeakWatch(upgrade.world.info, upgrade.temporal);
  }

  /** Ends the watching. To be called in every case; `report` does. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#sampling;
  }

  /**
   * Searches, while the world is still up.
   * @param seen secrets that clients saw; see `RunningTraffic.secrets`
   * @param planted put where no secret belongs, to prove that it is found
   */
  async report(seen: readonly string[], planted: readonly string[] = []): Promise<LeakReport> {
    await this.stop();
    this.#knowWorld();
    seen.forEach((value, at) => this.#search.know(`of a client, number ${at}`, value));
    planted.forEach((value, at) => this.#search.know(`planted, number ${at}`, value));
    for (const line of this.#commandLines) this.#search.search('a command line', line);
    for (const text of this.#heartbeats) this.#search.search('a heartbeat', text);
    const historyEvents = await this.#searchHistory();
    await this.#searchCommandLine();
    const files = this.#searchFiles();
    const { leaks, secrets, searchedBytes } = this.#search;
    return { leaks, secrets, searchedBytes, commandLines: this.#commandLines.size, historyEvents, files };
  }

  #knowWorld(): void {
    const { runDir, rds, blue, client } = this.#info;
    const { secrets } = JSON.parse(readFileSync(join(runDir, 'settings.json'), 'utf8')) as {
      secrets: Record<string, string>;
    };
    for (const [name, value] of Object.entries(secrets)) {
      // An id of access keys says who, and proves nothing.
      if (!name.endsWith('access-key-id')) this.#search.know(name, value);
    }
    const folder = join(runDir, 'data', 'cutover', 'secrets');
    for (const name of readdirSync(folder))
      this.#search.know(`config ${name}`, readFileSync(join(folder, name), 'utf8'));
    this.#search.know('secret access key', rds.tool.secretAccessKey);
    this.#search.know("password of Hydra's role", blue.database.password);
    this.#search.know('secret of the first client', client.secret);
  }

  async #sample(): Promise<void> {
    for (const pid of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
      const line = quietly(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8'))
        .replaceAll('\0', ' ')
        .trim();
      if (line === '' || Number(pid) === process.pid) continue;
      this.#commandLines.add(line);
      if (/\bmigrate\b/.test(line)) this.#knowMigration(quietly(() => readFileSync(`/proc/${pid}/environ`, 'utf8')));
    }
    await this.#sampleHeartbeats().catch(() => undefined);
  }

  /** The password that only this run's migration gets stands in the environment of its process. */
  #knowMigration(environment: string): void {
    const password = /\0?DSN=postgres:\/\/hydra_cutover_migrate:([^@]+)@/.exec(environment)?.[1];
    if (password !== undefined) this.#search.know('role of the migration', decodeURIComponent(password));
  }

  async #sampleHeartbeats(): Promise<void> {
    const { raw } = await this.#temporal.workflow.getHandle(WORKFLOW_ID).describe();
    for (const text of textsOf(raw.pendingActivities)) this.#heartbeats.add(text);
    for (const text of textsOf(raw.workflowExecutionInfo)) this.#heartbeats.add(text);
  }

  /** Of the latest run, and every payload of it. @returns how many events there were */
  async #searchHistory(): Promise<number> {
    const history = await this.#temporal.workflow.getHandle(WORKFLOW_ID).fetchHistory();
    const events = history.events ?? [];
    for (const event of events) {
      const where = `history event ${String(event.eventId)}`;
      this.#search.search(where, textsOf(event).join('\n'));
    }
    return events.length;
  }

  async #searchCommandLine(): Promise<void> {
    const { configFile, env } = this.#info.cutover;
    for (const args of [
      ['status'],
      ['status', '--json'],
      ['report'],
      ['report', '--json'],
      ['doctor', '--json'],
      ['privileges'],
    ]) {
      const [verb = '', ...rest] = args;
      const { stdout, stderr } = await runCutoverCli(
        [verb, '--config', configFile, '--log-level', 'debug', ...rest],
        env,
      );
      this.#search.search(`output of ${args.join(' ')}`, `${stdout}\n${stderr}`);
    }
  }

  #searchFiles(): readonly string[] {
    const { runDir } = this.#info;
    const files = filesBelow(runDir).map((file) => relative(runDir, file));
    const searched = files.filter((file) => !BELONGS.some((pattern) => pattern.test(file)));
    // One character for each byte, whatever the file holds: secrets are ASCII.
    for (const file of searched)
      this.#search.search(
        file,
        quietly(() => readFileSync(join(runDir, file), 'latin1')),
      );
    return searched;
  }
}

/** Every text inside a value, bytes read as UTF-8: payloads hold JSON. */
function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (value instanceof Uint8Array) return [Buffer.from(value).toString('utf8')];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [key, ...textsOf(inner)]);
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return filesBelow(path);
    return entry.isFile() && quietly(() => String(statSync(path).size)) !== '' ? [path] : [];
  });
}

/** Processes and files come and go. */
function quietly(read: () => string): string {
  try {
    return read();
  } catch {
    return '';
  }
}
