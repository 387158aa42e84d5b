import { type ListedGateway } from '../../domain/known-gateways';
import { type Direction } from '../../domain/sides';
import { type SideTraces } from './read-traces';

/** What one side tells: its traces, or why it cannot be asked. */
export type SideLook = SideTraces | { readonly unreachable: string };

/** What the provider tells of a thing: null when there is none. */
export type ResourceLook =
  | { readonly id: string; readonly status: string; readonly tags: Readonly<Record<string, string>> }
  | { readonly unreachable: string }
  | null;

export interface DatabasesLook {
  readonly direction: Direction;
  /** What is reached as the side that the writes leave. */
  readonly source: SideLook;
  /** What is reached as the one that they enter. */
  readonly target: SideLook;
  /** Of the target. */
  readonly instance: ResourceLook;
  readonly snapshot: ResourceLook;
  /** Of the config, each by its own word. */
  readonly gateways: readonly ListedGateway[];
  /** Of those of the config that do not answer, why. */
  readonly targetsAway: readonly { readonly name: string; readonly problem: string }[];
}

export interface Judgement {
  /** The source says that its cutover was committed and finalized, and nothing of it holds the target. */
  readonly isFinalized?: true;
  readonly cutoverId: string | null;
  /** One line: how far. */
  readonly phase: string;
  /** One line: who may write to Hydra's tables now. */
  readonly writes: string;
  /** Everything of ours that is there, a line each. */
  readonly traces: readonly string[];
  /** What to do, in order. */
  readonly next: readonly string[];
}
