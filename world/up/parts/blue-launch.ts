import { hydraProcess, type HydraProcessOptions } from '../../hydra';
import { startOnPorts } from '../start-on-ports';
import { type HydraInfo } from '../world-info';
import { type WorldContext } from '../world-part';

type Started = Pick<
  HydraInfo,
  'publicUrl' | 'adminUrl' | 'issuer' | 'loginUrl' | 'secretsSystem' | 'pairwiseSalt' | 'pid'
>;

/** Starts a Hydra on the database of blue, on ports that it keeps under its name. */
export async function startOnBlue(
  context: WorldContext,
  { dsn, name, ...program }: Omit<HydraProcessOptions, 'launch'> & { readonly dsn: string },
): Promise<Started> {
  const { settings } = context;
  const loginApp = `http://127.0.0.1:${await settings.port('login-app')}`;
  const common = {
    issuer: `https://127.0.0.1:${await settings.port('gateway-public')}/`,
    secretsSystem: settings.secret('hydra-secrets-system'),
    pairwiseSalt: settings.secret('hydra-pairwise-salt'),
    loginUrl: `${loginApp}/login`,
  };
  const pages = { consentUrl: `${loginApp}/consent`, logoutUrl: `${loginApp}/logout` };
  const [toPublic, toAdmin] = [`${name}-public`, `${name}-admin`];
  const { process: running, ports } = await startOnPorts(
    context,
    { [toPublic]: undefined, [toAdmin]: undefined },
    (chosen) => {
      const [publicPort, adminPort] = [chosen[toPublic] ?? 0, chosen[toAdmin] ?? 0];
      return hydraProcess({ ...program, name, launch: { ...common, ...pages, dsn, publicPort, adminPort } });
    },
  );
  return {
    ...common,
    publicUrl: `http://127.0.0.1:${ports[toPublic]}`,
    adminUrl: `http://127.0.0.1:${ports[toAdmin]}`,
    pid: running.pid,
  };
}
