import { errorMessage } from '../../domain/error-message';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { createLogger } from '../../config/logger';
import { asCutoverFault, CutoverFault } from '../../domain/faults';
import { PATHS, type UpgradeFrom, pathsText } from '../../hydra/paths/registry';
import { watchEndSignals } from '../cli/end-signals';
import { writeAtomically } from '../supervisor';
import { deathFault, upWorld } from '../up';
import { type DemoReport } from './demo-report';
import { renderDemo, renderInPlaceDemo } from './render-demo';
import { Report } from './report';
import { runDemo } from './run-demo';
import { runIncidentDemo } from './run-incident';
import { type InPlaceDemoReport, runInPlaceDemo } from './run-in-place';

const USAGE =
  'usage: npm run demo [-- --manual] [-- --json FILE] [-- --from VERSION | --in-place | --full | --incident]';

/**
 * `npm run demo`: the world up, history, traffic, the upgrade through the CLI, proofs, down. Exit 0 only when every check
 * held.
 */
async function main(): Promise<number> {
  const signals = watchEndSignals();
  const report = new Report((text) => process.stdout.write(text));
  try {
    const { manual, json, from, inPlace, full, incident } = readArguments();
    const logger = createLogger({ level: 'warn', bindings: { process: 'demo' } });
    const world = await report.step('world up', () =>
      upWorld({
        keep: false,
        from,
        inPlace: inPlace || full,
        logger,
        signal: signals.ended,
        progress: (line) => report.note(line),
      }),
    );
    signals.onSecond(() => world.kill());
    let result: DemoReport | InPlaceDemoReport | undefined;
    try {
      const stopped = signals.happened.then(() => Promise.reject(signals.ended.reason as Error));
      const died = world.died.then((death) => Promise.reject(deathFault(death)));
      const options = { manual, full, signal: signals.ended };
      const run = inPlace ? runInPlaceDemo : incident ? runIncidentDemo : runDemo;
      result = await Promise.race([run(world, report, options), stopped, died]);
    } finally {
      await report.step('world down', () => world.down(result?.ok !== true && !signals.ended.aborted));
    }
    if (!result.ok) report.note(`logs: ${world.info.logsDir}`);
    if (json !== undefined) writeAtomically(resolve(json), result);
    process.stdout.write('switchover' in result ? renderDemo(result) : renderInPlaceDemo(result));
    return result.ok ? 0 : 1;
  } catch (error) {
    if (signals.ended.aborted) return signals.exitCode();
    const fault = asCutoverFault(error);
    process.stderr.write(`error ${fault.code}: ${fault.message}\n`);
    return fault.exitCode;
  } finally {
    signals.release();
  }
}

interface Arguments {
  readonly manual: boolean;
  readonly json: string | undefined;
  readonly from: UpgradeFrom;
  readonly inPlace: boolean;
  readonly full: boolean;
  readonly incident: boolean;
}

function readArguments(): Arguments {
  try {
    const { values } = parseArgs({
      options: {
        manual: { type: 'boolean', default: false },
        json: { type: 'string' },
        from: { type: 'string' },
        'in-place': { type: 'boolean', default: false },
        full: { type: 'boolean', default: false },
        incident: { type: 'boolean', default: false },
      },
    });
    const { 'in-place': inPlace, full, incident } = values;
    if (inPlace && full) throw new Error('--full does what --in-place does, and goes on: give one of them');
    if ((inPlace || full) && values.from !== undefined) {
      throw new Error('--in-place and --full begin with 1.3.2, and take no --from');
    }
    if (incident && (inPlace || full || values.from !== undefined)) {
      throw new Error('--incident is one of 1.11.10 to 2.3.0, and takes no --in-place, --full or --from');
    }
    const wanted = values.from ?? '1.11.10';
    const from = PATHS.find((path) => path.from === wanted)?.from;
    if (from === undefined) throw new Error(`no way leads from ${wanted} (there are: ${pathsText()})`);
    return { manual: values.manual, json: values.json, from, inPlace, full, incident };
  } catch (error) {
    throw new CutoverFault('USAGE', `${errorMessage(error)}; ${USAGE}`);
  }
}

void main().then((code) => process.exit(code));
