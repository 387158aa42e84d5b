import { join } from 'node:path';
import { temporalProcess } from '../../temporal';
import { startOnPorts } from '../start-on-ports';
import { type WorldPart } from '../world-part';

const NAMESPACE = 'default';

/** Temporal's dev server with UI; in memory unless the world is kept. */
export const temporalPart: WorldPart = {
  title: 'Temporal',
  async up(context) {
    const wanted = {
      temporal: context.options.temporalPort,
      'temporal-ui': context.options.uiPort,
      'temporal-http': undefined,
      'temporal-metrics': undefined,
    };
    const { process: running, ports } = await startOnPorts(context, wanted, (chosen) =>
      temporalProcess({
        name: 'temporal',
        binary: context.tools.temporal,
        port: chosen.temporal,
        uiPort: chosen['temporal-ui'],
        httpPort: chosen['temporal-http'],
        metricsPort: chosen['temporal-metrics'],
        namespace: NAMESPACE,
        ...(context.keep ? { databaseFile: join(context.dataDir, 'temporal.db') } : {}),
      }),
    );
    return {
      temporal: {
        address: `127.0.0.1:${ports.temporal}`,
        namespace: NAMESPACE,
        uiUrl: `http://127.0.0.1:${ports['temporal-ui']}`,
        pid: running.pid,
      },
    };
  },
};
