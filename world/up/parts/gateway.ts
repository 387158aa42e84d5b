import { HYDRA_VERSION_FACTS } from '../../../hydra/versions';
import { keyLine } from '../../../gateway/node/derived-keys';
import { join } from 'node:path';
import { request } from 'undici';
import { z } from 'zod';
import { worldCertificates } from '../../tls/world-certificates';
import { startOnPorts } from '../start-on-ports';
import { type ProcessSpec } from '../../supervisor';
import { type Service, serviceFolder, serviceProcess } from '../service-process';
import { type HydraVersion } from '../../toolchain/types';
import { type SideInfo } from '../world-info';
import { type WorldContext, type WorldPart, known } from '../world-part';
import { GATEWAY_ROLE } from './blue-side';
import { tlsDir } from './rds-endpoint';

const readySchema = z.object({ publicUrl: z.string(), adminUrl: z.string(), controlUrl: z.string(), pid: z.number() });

/** The address of OAuth: HTTPS before whichever side serves. Green's ports are set aside now and used by the upgrade. */
export const gatewayPart: WorldPart = {
  title: 'gateway',
  async up(context, info) {
    const { settings } = context;
    const { hydra, instance, database } = known(info, 'blue');
    const certificates = await worldCertificates(tlsDir(context));
    const controlToken = settings.secret('gateway-control-token');
    const generation = generations(context, hydra.version);
    const green = {
      publicUrl: `http://127.0.0.1:${await settings.port('green-hydra-public')}`,
      adminUrl: `http://127.0.0.1:${await settings.port('green-hydra-admin')}`,
    };
    // The issuer names this port: it was chosen before Hydra started and cannot be exchanged.
    const publicPort = Number(new URL(hydra.issuer).port);
    const { process: running, ports } = await startOnPorts(
      context,
      { 'gateway-admin': undefined, 'gateway-control': undefined },
      (chosen) =>
        serving(
          serviceProcess(context, {
            name: 'gateway',
            program: 'gateway/main.ts',
            env: {
              GATEWAY_CONTROL_TOKEN: controlToken,
              GATEWAY_DOUBT_PASSWORD: settings.secret('gateway-database-password'),
              ...derivedKeys(hydra.secretsSystem),
            },
            readySchema,
            config: {
              listeners: {
                public: {
                  port: publicPort,
                  tls: { certFile: certificates.certFile, keyFile: certificates.keyFile },
                },
                admin: { port: chosen['gateway-admin'] },
                control: { port: chosen['gateway-control'] },
              },
              sides: {
                blue: { ...urlsOf(known(info, 'blue')), apiGeneration: generation.blue },
                green: { ...green, apiGeneration: generation.green },
              },
              stateFile: join(serviceFolder(context, 'gateway'), 'state.json'),
              staleChallenges: { readFlows: hydra.version === '2.2.0' },
              sessionCookies: { translate: generation.blue !== generation.green },
              // Without green's database, whose address is not known yet: after a commit it waits for the orchestrator's apply.
              doubt: doubtAt(instance, database.name, certificates.caFile),
              // Behind the longest hold there is still time for that question.
              hold: { maxParkedMs: 28_000 },
              // A machine that runs the whole world is busy: slow is not the same as away.
              readiness: { timeoutMs: 12_000 },
              accessLog: { level: 'errors' },
            },
          }),
        ),
    );
    return {
      gateway: {
        publicUrl: `https://127.0.0.1:${publicPort}`,
        adminUrl: `http://127.0.0.1:${ports['gateway-admin']}`,
        controlUrl: `http://127.0.0.1:${ports['gateway-control']}`,
        controlToken,
        caFile: certificates.caFile,
        greenHydra: green,
        pid: running.pid,
      },
    };
  },
};

/** Whoever comes next calls Hydra through it: ready is not that it listens, but that it knows who serves. */
function serving(gateway: Service<z.output<typeof readySchema>>): ProcessSpec {
  const { spec } = gateway;
  return {
    ...spec,
    ready: async () => {
      if (!(await spec.ready())) return false;
      const { statusCode, body } = await request(`${gateway.ready().controlUrl}/health/ready`, { reset: true });
      await body.dump();
      return statusCode === 200;
    },
  };
}

function urlsOf({ hydra: { publicUrl, adminUrl }, older }: SideInfo) {
  return { publicUrl, adminUrl, ...(older && { older }) };
}

function doubtAt({ host, port }: { readonly host: string; readonly port: number }, database: string, caFile: string) {
  return {
    kind: 'postgres',
    blue: { host, port, database, user: GATEWAY_ROLE, ssl: { mode: 'verify-full', caFile } },
    // A machine that runs the whole world is busy.
    timeoutMs: 15_000,
  };
}

function derivedKeys(secretsSystem: string): Readonly<Record<string, string>> {
  const secrets = { SECRETS_SYSTEM: secretsSystem };
  return { GATEWAY_COOKIE_KEYS: keyLine('cookies', secrets), GATEWAY_FLOW_KEYS: keyLine('flows', secrets) };
}

function generations({ tools }: WorldContext, blue: HydraVersion) {
  const of = (version: HydraVersion) => HYDRA_VERSION_FACTS[version].apiGeneration;
  return { blue: of(blue), green: of(tools.hydra.green.version) };
}
