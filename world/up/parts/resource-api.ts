import { HYDRA_VERSION_FACTS } from '../../../hydra/versions';
import { join } from 'node:path';
import { HYDRA_DEADLINE_MS, serviceFolder, serviceProcess } from '../service-process';
import { blueAdminUrl } from '../blue-admin-url';
import { type WorldPart, known } from '../world-part';
import { dependentReady } from './dependent-ready';

/** A dependent that introspects at Hydra itself, not through the gateway: one of the systems that are flipped. */
export const resourceApiPart: WorldPart = {
  title: 'resource API',
  async up(context, info) {
    const controlToken = context.settings.secret('resource-api-control-token');
    const service = serviceProcess(context, {
      name: 'resource-api',
      program: 'world/resource-api/main.ts',
      env: { CONTROL_TOKEN: controlToken },
      readySchema: dependentReady,
      config: {
        stateFile: join(serviceFolder(context, 'resource-api'), 'state.json'),
        hydraDeadlineMs: HYDRA_DEADLINE_MS,
        initial: {
          adminUrl: blueAdminUrl(info),
          apiGeneration: HYDRA_VERSION_FACTS[known(info, 'blue').hydra.version].apiGeneration,
        },
      },
    });
    await context.supervisor.start(service.spec);
    return { resourceApi: { ...service.ready(), controlToken } };
  },
};
