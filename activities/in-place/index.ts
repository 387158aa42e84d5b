import { type InPlaceSteps } from '../../domain/in-place/steps';
import { bookMigrations } from './bookkeeping';
import { type InPlaceStep } from './deps';
import { encryptAtRest, startBeside, startOld, stopBeside, stopOld } from './hydras';
import { judgeShare } from './judge-share';
import { layLayer, migrateOnline } from './migrate-online';
import { planInPlace } from './plan-in-place';
import { removeLayer, takeLayerBack } from './retire-old';
import { shiftTraffic } from './shift-traffic';

export type InPlaceTable = {
  readonly [Name in keyof InPlaceSteps]: InPlaceStep<
    Parameters<InPlaceSteps[Name]>[0],
    Awaited<ReturnType<InPlaceSteps[Name]>>
  >;
};

/** The code of every step of an upgrade in place. */
export const IN_PLACE_STEPS: InPlaceTable = {
  planInPlace,
  layLayer,
  takeLayerBack,
  migrateOnline,
  bookMigrations,
  startBeside,
  stopBeside,
  shiftTraffic,
  judgeShare,
  stopOld,
  startOld,
  removeLayer,
  encryptAtRest,
};
