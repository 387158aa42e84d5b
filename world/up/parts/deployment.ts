import { writeSideFile } from '../../side/side-file';
import { type WorldPart, known } from '../world-part';

/** Writes down how Hydra is deployed on both sides, for the commands that start and stop it during an upgrade. */
export const deploymentPart: WorldPart = {
  title: 'deployment of both sides',
  async up(context, info) {
    const { runDir, settings, tools } = context;
    const { instance, database, hydra } = known(info, 'blue');
    const loginApp = hydra.loginUrl.replace(/\/login$/, '');
    const common = {
      secretsSystem: hydra.secretsSystem,
      pairwiseSalt: hydra.pairwiseSalt,
      issuer: hydra.issuer,
      loginUrl: hydra.loginUrl,
      consentUrl: `${loginApp}/consent`,
      logoutUrl: `${loginApp}/logout`,
    };
    const { user, password, name, caFile } = database;
    const role = { role: user, password, database: name, caFile };
    writeSideFile(runDir, 'blue', {
      ...tools.hydra.blue,
      database: role,
      address: { host: instance.host, port: instance.port },
      launch: { ...common, publicPort: portOf(hydra.publicUrl), adminPort: portOf(hydra.adminUrl) },
    });
    const { greenHydra } = known(info, 'gateway');
    writeSideFile(runDir, 'green', {
      ...tools.hydra.green,
      database: { ...role, password: settings.secret('green-hydra-password') },
      launch: { ...common, publicPort: portOf(greenHydra.publicUrl), adminPort: portOf(greenHydra.adminUrl) },
    });
    return {};
  },
};

function portOf(url: string): number {
  return Number(new URL(url).port);
}
