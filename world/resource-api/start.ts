import { HydraAdmin } from '../service/hydra-admin';
import { listen } from '../service/http-listener';
import { openDependent } from '../service/open-dependent';
import { type StartService } from '../service/run-service';
import { resourceApiConfig } from './config';
import { Introspector } from './introspector';
import { resourceRoutes } from './resource-routes';

/** Starts the resource API: the resource on one listener, the target port and health on the control listener. */
export const startResourceApi: StartService = async (context) => {
  const { logger } = context;
  const { config, target, startControl } = await openDependent(resourceApiConfig, context);
  const hydra = new HydraAdmin();
  const introspector = new Introspector({ hydra, side: () => target.read().applied, config: () => config.current });
  target.onApplied((applied) => {
    introspector.forget();
    logger.info({ epoch: applied.epoch, endpoint: applied.state.adminUrl }, 'hydra side changed');
  });
  config.onChange(async ({ initial }) => void (await target.rebase(initial)));
  const resource = await listen(config.current.listen, resourceRoutes(introspector, logger), logger);
  const control = await startControl();
  return {
    url: resource.url,
    controlUrl: control.url,
    reload: () => config.reload(),
    close: async () => {
      await config.close();
      await Promise.all([resource.close(), control.close()]);
      await hydra.close();
    },
  };
};
