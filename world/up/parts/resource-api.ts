import { HYDRA_VERSION_FACTS } from '../../../hydra/versions';
import { join } from 'node:path';
import { serviceFolder } from '../service-process';
import { blueAdminUrl } from '../blue-admin-url';
import { type WorldPart, known } from '../world-part';
import { startDependent } from './dependent';

/** A dependent that introspects at Hydra itself, not through the gateway: one of the systems that are flipped. */
export const resourceApiPart: WorldPart = {
  title: 'resource API',
  async up(context, info) {
    const resourceApi = await startDependent(context, {
      name: 'resource-api',
      config: {
        stateFile: join(serviceFolder(context, 'resource-api'), 'state.json'),
        initial: {
          adminUrl: blueAdminUrl(info),
          apiGeneration: HYDRA_VERSION_FACTS[known(info, 'blue').hydra.version].apiGeneration,
        },
      },
    });
    return { resourceApi };
  },
};
