import { type StepInput } from '../steps';
import {
  type BesideReceipt,
  type BookkeepingReceipt,
  type InPlacePlan,
  type LayerReceipt,
  type OnlineReceipt,
  type RetiredReceipt,
  type ShareReceipt,
} from './receipts';

export interface InPlacePreflightInput extends StepInput {
  /** Refused when the worker's config has another one. */
  readonly configDigest?: string;
}

export interface LayerInput extends StepInput {
  readonly plan: InPlacePlan['online'];
}

export interface BookkeepingInput extends StepInput {
  readonly catalogDigest: string;
}

export interface ShareInput extends StepInput {
  /** Percent of the requests that go to the new version. */
  readonly share: number;
}

/**
 * Every step of an upgrade in place as the workflow calls it. Each one looks first whether it is done already, so that a retry, a
 * restarted worker or a workflow reset is harmless; each undo tolerates that its step never happened.
 *
 * @throws CutoverFault at the boundary as an ApplicationFailure whose type is the code
 */
export interface InPlaceSteps {
  /** Changes nothing but the scratch database. @throws CHECK_FAILED with all problems at once */
  planInPlace(input: InPlacePreflightInput): Promise<InPlacePlan>;

  /** Views for the old version; returns when no session of it is older than the switch. */
  layLayer(input: LayerInput): Promise<LayerReceipt>;
  /** Once the first statement has begun it stays: the old version serves through it, and without it not at all. */
  takeLayerBack(input: StepInput): Promise<{ readonly stays: boolean }>;

  migrateOnline(input: StepInput): Promise<OnlineReceipt>;
  /** Enters what was done, and proves that the catalog is the vendor's and that nothing is pending for either version. */
  bookMigrations(input: BookkeepingInput): Promise<BookkeepingReceipt>;

  /** The new version beside the old; proves with tokens of each that the other takes them. */
  startBeside(input: StepInput): Promise<BesideReceipt>;
  stopBeside(input: StepInput): Promise<void>;

  /** At every gateway, read back. With 0 also the undo. */
  shiftTraffic(input: ShareInput): Promise<{ readonly gateways: number }>;
  /** Watches both versions at the same time and judges the new one. Changes nothing. */
  judgeShare(input: ShareInput): Promise<ShareReceipt>;

  stopOld(input: StepInput): Promise<void>;
  startOld(input: StepInput): Promise<void>;
  /** The point of no return: without its views the old version cannot serve. */
  removeLayer(input: StepInput): Promise<RetiredReceipt>;
  /** The new version with its own default again: sessions are kept encrypted. */
  encryptAtRest(input: StepInput): Promise<void>;
}
