import { z } from 'zod';
import { type DependentInfo } from '../world-info';
import { HYDRA_DEADLINE_MS, serviceProcess } from '../service-process';
import { startOnPorts } from '../start-on-ports';
import { type WorldContext } from '../world-part';

const readySchema = z.object({ url: z.string(), controlUrl: z.string(), pid: z.number() });

export interface DependentOptions {
  /** Of the folder below `world/`, of the process and of its log. */
  readonly name: 'login-app' | 'policy-service' | 'resource-api';
  readonly config: object;
  readonly env?: Readonly<Record<string, string>>;
  /** Where others were told that it is. @default a free one */
  readonly listenPort?: number;
}

/** The login app or a dependent, on ports that it keeps: the config of the upgrade names them, and it may be started again. */
export async function startDependent(context: WorldContext, options: DependentOptions): Promise<DependentInfo> {
  const { name, config, env, listenPort } = options;
  const controlToken = context.settings.secret(`${name}-control-token`);
  const control = `${name}-control` as const;
  const wanted = { [name]: listenPort, [control]: undefined } as Record<
    typeof name | typeof control,
    number | undefined
  >;
  const { process: running, ports } = await startOnPorts(
    context,
    wanted,
    (chosen) =>
      serviceProcess(context, {
        name,
        program: `world/${name}/main.ts`,
        env: { ...env, CONTROL_TOKEN: controlToken },
        readySchema,
        config: {
          ...config,
          listen: { port: chosen[name] },
          control: { port: chosen[control] },
          hydraDeadlineMs: HYDRA_DEADLINE_MS,
        },
      }).spec,
  );
  return {
    url: `http://127.0.0.1:${ports[name]}`,
    controlUrl: `http://127.0.0.1:${ports[control]}`,
    controlToken,
    pid: running.pid,
  };
}
