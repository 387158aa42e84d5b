import { join } from 'node:path';
import { serviceFolder } from '../service-process';
import { blueHydra } from '../blue-hydra';
import { type WorldPart } from '../world-part';
import { startDependent } from './dependent';

/** A dependent that introspects at Hydra itself, not through the gateway: one of the systems that are flipped. */
export const resourceApiPart: WorldPart = {
  title: 'resource API',
  async up(context, info) {
    const resourceApi = await startDependent(context, {
      name: 'resource-api',
      config: {
        stateFile: join(serviceFolder(context, 'resource-api'), 'state.json'),
        initial: blueHydra(info),
      },
    });
    return { resourceApi };
  },
};
