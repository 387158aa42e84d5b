import { type WorldContext } from '../world-part';

/** What every Hydra on the database of blue is started with, besides its database and its ports. */
export async function blueLaunch({ settings }: Pick<WorldContext, 'settings'>) {
  const loginApp = `http://127.0.0.1:${await settings.port('login-app')}`;
  return {
    issuer: `https://127.0.0.1:${await settings.port('gateway-public')}/`,
    secretsSystem: settings.secret('hydra-secrets-system'),
    pairwiseSalt: settings.secret('hydra-pairwise-salt'),
    loginUrl: `${loginApp}/login`,
    consentUrl: `${loginApp}/consent`,
    logoutUrl: `${loginApp}/logout`,
  };
}
