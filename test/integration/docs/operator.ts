import { setTimeout as sleep } from 'node:timers/promises';
import { type Gate } from '../../../domain/runbook';
import { CONFIG_FILE, type Stage } from './stage';

/** What a step that fails makes of a run: after the commit, or on the way back. */
const BREAKS = { forward: 'proveDrain', back: 'deleteGreen' } as const;

const PATIENCE_MS = 300_000;

interface Seen {
  readonly temporal?: string;
  readonly awaiting: Gate | null;
  readonly status: {
    readonly cutoverId: string;
    readonly committed: boolean;
    readonly awaiting: { readonly question: string } | null;
  } | null;
  readonly report: { readonly outcome: string } | null;
}

/** Brings the run to where a documented command belongs, by the same command line. */
export class Operator {
  constructor(private readonly stage: Stage) {}

  /** No run is under way. */
  async settle(): Promise<void> {
    this.stage.fail([]);
    let isCancelled = false;
    const deadline = Date.now() + PATIENCE_MS;
    for (;;) {
      const seen = await this.look();
      const { temporal, awaiting, status } = seen;
      if (temporal !== 'RUNNING') return;
      if (Date.now() > deadline) throw new Error(`the run does not end: ${JSON.stringify(seen)}`);
      if (awaiting === 'intervene') await this.decide('intervene', '--decision', 'retry');
      else if (awaiting === 'finalize') await this.decide('finalize');
      else if (status !== null && !status.committed && !isCancelled) {
        await this.#cli('cancel');
        isCancelled = true;
      }
      await sleep(50);
    }
  }

  /** A run waits at this gate. */
  async atGate(gate: Gate, direction: keyof typeof BREAKS = 'forward'): Promise<void> {
    const { awaiting } = await this.look();
    if (awaiting === gate && direction === 'forward') return this.stage.fail([]);
    if (gate === 'intervene') {
      await this.#breakOff(direction);
    } else if (gate === 'plan') {
      await this.settle();
      await this.#cli('start', '--by', 'alice');
    } else if (gate === 'cutover') {
      await this.atGate('plan');
      await this.decide('plan');
    } else if ((await this.look()).status?.committed !== true) {
      await this.atGate('cutover');
      await this.decide('cutover');
    }
    await this.until(({ awaiting: now }) => now === gate, `gate ${gate}`);
  }

  async underWay(): Promise<void> {
    const { temporal, report } = await this.look();
    // One that is over keeps its report before it ends.
    if (temporal !== 'RUNNING' || report !== null) await this.atGate('plan');
  }

  /** The latest run is over and completed. */
  async completed(): Promise<void> {
    await this.settle();
    if ((await this.look()).report?.outcome === 'completed') return;
    await this.atGate('finalize');
    await this.settle();
  }

  async look(): Promise<Seen> {
    const { stdout } = await this.stage.cli(['status', '--config', CONFIG_FILE, '--json']);
    const seen = JSON.parse(stdout) as Partial<Seen>;
    return { awaiting: null, status: null, report: null, ...seen };
  }

  async until(holds: (seen: Seen) => boolean, what: string): Promise<void> {
    const deadline = Date.now() + PATIENCE_MS;
    for (;;) {
      const seen = await this.look();
      if (holds(seen)) return;
      if (Date.now() > deadline) throw new Error(`the run did not come to ${what}: ${JSON.stringify(seen)}`);
      await sleep(50);
    }
  }

  async decide(gate: Gate, ...more: string[]): Promise<void> {
    const question = (await this.look()).status?.awaiting?.question;
    const named = question === undefined ? [] : ['--question', question];
    return this.#cli('approve', '--gate', gate, '--by', 'bob', ...named, ...more);
  }

  async #breakOff(direction: keyof typeof BREAKS): Promise<void> {
    await this.settle();
    await this.atGate('cutover');
    this.stage.fail([BREAKS[direction]]);
    if (direction === 'forward') await this.decide('cutover');
    else await this.#cli('cancel');
    await this.until(({ awaiting }) => awaiting === 'intervene', 'gate intervene');
    this.stage.fail([]);
  }

  async #cli(verb: string, ...args: string[]): Promise<void> {
    const { code, stderr } = await this.stage.cli([verb, '--config', CONFIG_FILE, ...args]);
    // Between a look and a decision the gate may have moved.
    if (code !== 0 && !stderr.includes('GATE_NOT_OPEN')) throw new Error(`${verb} ${args.join(' ')}: ${stderr}`);
  }
}
