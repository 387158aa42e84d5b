import { IN_PLACE_PATHS } from '../../../domain/in-place/paths';
import { writeSideFile } from '../../side/side-file';
import { type WorldPart, known } from '../world-part';
import { NEXT_ROLE, OLDER_LIFETIME } from './older-hydra';

/** Writes down how Hydra is deployed on both sides, for the commands that start and stop it during an upgrade. */
export const deploymentPart: WorldPart = {
  title: 'deployment of both sides',
  async up(context, info) {
    const { runDir, settings, tools } = context;
    const { instance, database, hydra, older } = known(info, 'blue');
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
    const address = { host: instance.host, port: instance.port };
    if (older !== undefined) {
      const ofNewer = { ...tools.hydra.blue, address };
      const newer = { ...common, publicPort: portOf(hydra.publicUrl), adminPort: portOf(hydra.adminUrl) };
      const atOlder = { ...common, publicPort: portOf(older.publicUrl), adminPort: portOf(older.adminUrl) };
      writeSideFile(runDir, 'older', {
        ...{ version: '1.3.2', binary: tools.olderHydra ?? '', address, database: role },
        launch: { ...atOlder, dsnOptions: OLDER_LIFETIME },
      });
      writeSideFile(runDir, 'beside', {
        ...ofNewer,
        database: { ...role, role: NEXT_ROLE, password: settings.secret('next-hydra-password') },
        launch: { ...newer, extra: IN_PLACE_PATHS['1.3.2'].besideEnv },
      });
      writeSideFile(runDir, 'bridge', { ...ofNewer, database: role, launch: atOlder });
    }
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
