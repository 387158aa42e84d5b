import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { type Target, type TargetView } from '../../domain/ports/targets';
import { type SideName, SIDE_NAMES } from '../../domain/sides';
import { type ControlAddress, ControlClient } from './control-client';

export interface HttpTargetOptions extends ControlAddress {
  /** What the target is told to serve for each side. */
  readonly states: Readonly<Record<SideName, unknown>>;
}

const entry = z.object({ epoch: z.int().min(0), state: z.unknown() });
const answer = z.object({ applied: entry, staged: entry.nullable(), highestEpoch: z.int().min(0) });

/** A target that speaks the protocol of `domain/target.ts` over HTTP. `close` ends its connections. */
export class HttpTarget implements Target {
  readonly name: string;
  protected readonly control: ControlClient;

  constructor(private readonly options: HttpTargetOptions) {
    this.name = options.name;
    this.control = new ControlClient(options);
  }

  stage(epoch: number, side: SideName): Promise<TargetView> {
    return this.view('PUT', '/target/staged', { epoch, state: this.options.states[side] });
  }

  apply(epoch: number): Promise<TargetView> {
    return this.view('POST', '/target/apply', { epoch });
  }

  revert(epoch: number): Promise<TargetView> {
    return this.view('POST', '/target/revert', { epoch });
  }

  read(): Promise<TargetView> {
    return this.view('GET', '/target');
  }

  close(): Promise<void> {
    return this.control.close();
  }

  private async view(method: 'GET' | 'PUT' | 'POST', path: string, body?: unknown): Promise<TargetView> {
    const { applied, staged, highestEpoch } = await this.control.call({ method, path, body }, answer);
    const { states } = this.options;
    return {
      appliedEpoch: applied.epoch,
      appliedSide: SIDE_NAMES.find((side) => isDeepStrictEqual(states[side], applied.state)) ?? null,
      stagedEpoch: staged?.epoch ?? null,
      highestEpoch,
    };
  }
}
