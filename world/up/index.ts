export { workerProcess } from './parts/cutover';
export { worldHttp } from './parts/first-grant';
export { type WaitOptions, rdsClient, toWait, waitUntilAvailable, withLog } from './rds-client';
export { serviceProcess } from './service-process';
export { type UpWorldOptions, type World, deathFault, upWorld } from './up-world';
export { type HydraInfo, type InstanceInfo, type OauthInfo, type WorldInfo } from './world-info';
export { type WorldOptions } from './world-part';
export { prepareReadyFile, removeReadyFile, writeReadyFile } from './write-ready-file';
