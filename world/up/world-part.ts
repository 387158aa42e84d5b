import { type Logger } from '../../config/logger';
import { CutoverFault } from '../../domain/faults';
import { type Supervisor } from '../supervisor';
import { type UpgradeFrom, type UpgradeTo } from '../../hydra/paths/registry';
import { type HydraVersion, type PostgresMajor } from '../toolchain/types';
import { type WorldInfo } from './world-info';
import { type WorldSettings } from './world-settings';

export interface WorldOptions {
  readonly keep: boolean;
  readonly dir?: string;
  /** What serves before the upgrade. @default '1.11.10' */
  readonly from?: UpgradeFrom;
  /** What the upgrade leads to. @default '2.3.0' */
  readonly to?: UpgradeTo;
  /** @default 15 */
  readonly postgresMajor?: PostgresMajor;
  /** Blue begins with Hydra 1.3.2, and its config has the step in place to `from`. @default false */
  readonly inPlace?: boolean;
  /** 0 takes a free one. @default 0 */
  readonly temporalPort?: number;
  /** @default 0 */
  readonly uiPort?: number;
}

export interface HydraTool {
  readonly version: HydraVersion;
  readonly binary: string;
}

export interface WorldTools {
  readonly hydra: { readonly blue: HydraTool; readonly green: HydraTool };
  /** Of a world that begins in place. */
  readonly olderHydra?: string;
  readonly temporal: string;
}

export interface WorldContext {
  readonly runDir: string;
  readonly dataDir: string;
  readonly keep: boolean;
  readonly options: WorldOptions;
  readonly tools: WorldTools;
  readonly settings: WorldSettings;
  readonly supervisor: Supervisor;
  readonly logger: Logger;
  /** Fires when the world is to go down before it is up. */
  readonly signal: AbortSignal;
}

/** What is known of the world so far; each part adds its own. */
export type PartialInfo = Partial<WorldInfo>;

/** One step of bringing the world up. Adding a part is a file and a line in `world-parts.ts`. */
export interface WorldPart {
  /** Said while it is being started. */
  readonly title: string;
  up(context: WorldContext, info: PartialInfo): Promise<PartialInfo>;
}

/** @throws CutoverFault INTERNAL when the parts stand in the wrong order */
export function known<Name extends keyof WorldInfo>(info: PartialInfo, name: Name): WorldInfo[Name] {
  const value = info[name];
  if (value !== undefined) return value;
  throw new CutoverFault(
    'INTERNAL',
    `the part that makes "${name}" has to come up earlier; see world/up/world-parts.ts`,
  );
}
