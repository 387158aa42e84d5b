import { HYDRA_DEADLINE_MS, serviceProcess } from '../service-process';
import { type WorldPart, known } from '../world-part';
import { dependentReady } from './dependent-ready';

/** The login and consent app; its port was named to Hydra before this. */
export const loginAppPart: WorldPart = {
  title: 'login app',
  async up(context, info) {
    const gateway = known(info, 'gateway');
    const password = context.settings.secret('login-password');
    const controlToken = context.settings.secret('login-app-control-token');
    const service = serviceProcess(context, {
      name: 'login-app',
      program: 'world/login-app/main.ts',
      env: { CONTROL_TOKEN: controlToken },
      readySchema: dependentReady,
      config: {
        listen: { port: Number(new URL(known(info, 'blue').hydra.loginUrl).port) },
        hydra: { adminUrl: gateway.adminUrl, apiGeneration: 1 },
        hydraPublicUrl: gateway.publicUrl,
        password,
        sendsAmr: context.options.inPlace !== true,
        hydraDeadlineMs: HYDRA_DEADLINE_MS,
      },
    });
    await context.supervisor.start(service.spec);
    return { loginApp: { ...service.ready(), controlToken, password } };
  },
};
