import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type WorkflowHandle } from '@temporalio/client';
import { loadConfig } from '../../../config/load';
import { IN_PLACE_WORKFLOW } from '../../../domain/in-place/runbook';
import { type AnyPhase, type CutoverStatus, type Decision, type Gate, UPGRADE_WORKFLOW } from '../../../domain/runbook';
import { type InPlaceCommand } from '../../../domain/in-place/settings';
import { withClient } from '../../../world/hydra';
import { workerProcess } from '../../../world/up';
import { type UpgradeWorld } from '../upgrade-world';
import { type RealCase } from './real-cases';

const POLL_MS = 60;
const BLOW_LIMIT_MS = 600_000;

/** The commands of a side that a case can break. */
export type BrokenCommand = 'green.migrate' | 'green.start' | 'green.stop' | 'blue.stop' | `inPlace.${InPlaceCommand}`;

type Config = Readonly<Record<string, object>>;

/** Changes one section of the world's own config, and has its worker read it. */
export async function changeConfig(upgrade: UpgradeWorld, section: string, change: object): Promise<void> {
  const config = readConfig(upgrade);
  config[section] = { ...config[section], ...change };
  writeFileSync(upgrade.world.info.cutover.configFile, JSON.stringify(config), { mode: 0o600 });
  await upgrade.killWorker();
}

function readConfig({ world }: UpgradeWorld): Record<string, object> {
  return JSON.parse(readFileSync(world.info.cutover.configFile, 'utf8')) as Record<string, object>;
}

/** One upgrade of the real world, and what may be done to it. */
export class RealRun {
  /** Where it was when something was done to it: steps of milliseconds may be over by then. */
  readonly struckIn: string[] = [];
  private isChanged = false;
  private letGo: (() => void) | undefined;
  private held: Promise<void> | undefined;
  private handle: WorkflowHandle | undefined;

  constructor(readonly upgrade: UpgradeWorld) {}

  /** With what the case says about it: the mode, and sections of the config instead of the world's. */
  async start({
    mode = 'real',
    config = {},
    inPlace = false,
  }: Pick<RealCase, 'mode' | 'config' | 'inPlace'>): Promise<void> {
    if (Object.keys(config).length > 0) await this.useConfig({ ...readConfig(this.upgrade), ...config });
    const { configFile, env } = this.upgrade.world.info.cutover;
    const { temporal } = loadConfig({ file: configFile, env: { ...env }, unreadSecrets: true });
    this.handle = await this.upgrade.temporal.workflow.start(inPlace ? IN_PLACE_WORKFLOW : UPGRADE_WORKFLOW, {
      workflowId: 'cutover/world',
      taskQueue: temporal.taskQueue,
      args: [{ environment: 'world', by: 'matrix', ...(inPlace ? {} : { mode }) }],
    });
  }

  /** @throws Error when it ended, or asks a person, before */
  async until(what: string, wanted: (status: CutoverStatus) => boolean): Promise<CutoverStatus> {
    for (const deadline = Date.now() + BLOW_LIMIT_MS; ;) {
      const status = await this.upgrade.status();
      if (status !== undefined && wanted(status)) return status;
      if (status?.report) throw new Error(`over before ${what}: ${JSON.stringify(status.report.cause)}`);
      if (status?.awaiting?.gate === 'intervene')
        throw new Error(`a person is asked before ${what}: ${status.awaiting.why}`);
      if (Date.now() > deadline)
        throw new Error(`no ${what} in ${BLOW_LIMIT_MS} ms; phase ${status?.phase ?? 'unknown'}`);
      await sleep(POLL_MS);
    }
  }

  reaches(phase: AnyPhase): Promise<CutoverStatus> {
    return this.until(phase, ({ phases }) => phases.some(({ name }) => name === phase));
  }

  undoes(phase: AnyPhase): Promise<CutoverStatus> {
    return this.until(
      `undo of ${phase}`,
      ({ undoing, phase: now, report }) => undoing && (now === phase || report !== null),
    );
  }

  async decide(gate: Gate, decision: Decision = 'approve'): Promise<void> {
    const { awaiting } = await this.until(`gate ${gate}`, (status) => status.awaiting?.gate === gate);
    const message = { gate, decision, by: 'somebody', note: 'matrix', question: awaiting?.question };
    await this.handle?.executeUpdate('decide', { args: [message] });
  }

  async cancel(): Promise<void> {
    await this.note('cancelled');
    await this.handle?.cancel();
  }

  async kill(): Promise<void> {
    await this.note('killed');
    // What is broken stays broken for the next worker.
    await this.upgrade.killWorker(this.isChanged ? this.changedFile : undefined);
  }

  async end(): Promise<CutoverStatus> {
    return this.until('the end', ({ report }) => report !== null);
  }

  /** A worker whose command for this does not work, until {@link mend}. */
  async breakCommand(broken: BrokenCommand): Promise<void> {
    const config = readConfig(this.upgrade);
    const [side = '', command = ''] = broken.split('.');
    const { commands } = (config[side] ?? {}) as { commands?: Record<string, unknown> };
    if (commands === undefined) throw new Error(`the world's config has no commands for ${side}`);
    commands[command] = { argv: ['/bin/false'] };
    await this.useConfig(config);
  }

  async mend(): Promise<void> {
    this.isChanged = false;
    await this.restartWorker(this.upgrade.world.info.cutover.configFile);
  }

  async mendIfChanged(): Promise<void> {
    if (this.isChanged) await this.mend();
  }

  /** A client that leaves a transaction open which wrote on blue: no fence comes up beside it. */
  async holdBlue(): Promise<void> {
    const { instance, database } = this.upgrade.world.info.blue;
    const { host, port, masterUser: user, masterPassword: password } = instance;
    await new Promise<void>((holds, fails) => {
      this.held = withClient({ host, port, user, password }, database.name, async (client) => {
        await client.query('BEGIN');
        await client.query("UPDATE hydra_client SET client_name = client_name WHERE id = 'nobody has this id'");
        const released = new Promise<void>((letGo) => (this.letGo = letGo));
        holds();
        await released;
        await client.query('ROLLBACK');
      }).catch(fails);
    });
  }

  async releaseBlue(): Promise<void> {
    this.letGo?.();
    await this.held;
  }

  private async note(what: string): Promise<void> {
    const status = await this.upgrade.status();
    this.struckIn.push(`${what} in ${status?.undoing === true ? 'undo of ' : ''}${status?.phase ?? 'unknown'}`);
  }

  private async useConfig(config: Config): Promise<void> {
    writeFileSync(this.changedFile, JSON.stringify(config), { mode: 0o600 });
    this.isChanged = true;
    await this.restartWorker(this.changedFile);
  }

  private get changedFile(): string {
    return join(dirname(this.upgrade.world.info.cutover.configFile), 'changed.yaml');
  }

  private async restartWorker(configFile: string): Promise<void> {
    const { supervisor, info } = this.upgrade.world;
    await supervisor.stop('worker');
    await supervisor.start(workerProcess(info.runDir, configFile, info.cutover.env));
  }
}
