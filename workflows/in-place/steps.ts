import { type InPlaceSteps } from '../../domain/in-place/steps';
import { proxySteps } from '../profiles';

/** Each step of an upgrade in place, by profile, with the line that the Temporal UI shows for it. */
export const inPlaceSteps: InPlaceSteps = proxySteps<InPlaceSteps>({
  planInPlace: ['look', 'checks, and what the new version would migrate'],
  layLayer: ['long', 'views for the old version, its sessions anew'],
  takeLayerBack: ['undo', 'remove the views'],
  migrateOnline: ['long', 'migrate beside the traffic'],
  bookMigrations: ['long', 'bookkeeping, and compare the schema'],
  startBeside: ['act', 'start the new version beside the old'],
  stopBeside: ['undo', 'stop the new version'],
  shiftTraffic: ['undo', 'share of the requests'],
  judgeShare: ['long', 'watch both versions'],
  stopOld: ['act', 'stop the old version'],
  startOld: ['undo', 'start the old version'],
  removeLayer: ['forward', 'remove the views'],
  encryptAtRest: ['forward', 'sessions kept encrypted again'],
});
