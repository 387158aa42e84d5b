import { type WorldPart, known } from '../world-part';
import { startDependent } from './dependent';

/** The login and consent app; its port was named to Hydra before this. */
export const loginAppPart: WorldPart = {
  title: 'login app',
  async up(context, info) {
    const gateway = known(info, 'gateway');
    const password = context.settings.secret('login-password');
    const dependent = await startDependent(context, {
      name: 'login-app',
      listenPort: Number(new URL(known(info, 'blue').hydra.loginUrl).port),
      config: {
        hydra: { adminUrl: gateway.adminUrl, apiGeneration: 1 },
        hydraPublicUrl: gateway.publicUrl,
        password,
        sendsAmr: context.options.inPlace !== true,
      },
    });
    return { loginApp: { ...dependent, password } };
  },
};
