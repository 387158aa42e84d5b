import { controlRoutes, startControlListener } from '../service/control-listener';
import { HydraAdmin } from '../service/hydra-admin';
import { listen } from '../service/http-listener';
import { LiveConfig } from '../service/live-config';
import { type StartService } from '../service/run-service';
import { sendAnswer } from './answer';
import { loginAppConfig } from './config';
import { HydraRequests } from './hydra-requests';
import { LoginApp } from './login-app';

/** Starts the login app: pages on one listener, health on the control listener. */
export const startLoginApp: StartService = async ({ configFile, controlToken, logger }) => {
  const config = await LiveConfig.open({
    file: configFile,
    schema: loginAppConfig,
    startOnly: ['listen', 'control'],
    logger,
  });
  const hydra = new HydraAdmin();
  const settings = () => config.current;
  const app = new LoginApp({ hydra: new HydraRequests(hydra, settings), config: settings, logger });
  const pages = await listen(
    config.current.listen,
    async (request, response) => sendAnswer(request, response, await app.answer(request)),
    logger,
  );
  const control = await startControlListener({
    address: config.current.control,
    configStatus: () => config.status,
    routes: [controlRoutes(controlToken, {})],
    logger,
  });
  return {
    url: pages.url,
    controlUrl: control.url,
    reload: () => config.reload(),
    close: async () => {
      await config.close();
      await Promise.all([pages.close(), control.close()]);
      await hydra.close();
    },
  };
};
