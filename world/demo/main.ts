import { errorMessage } from '../../domain/error-message';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { widthOf } from '../../cli/context';
import { createLogger } from '../../config/logger';
import { asCutoverFault, CutoverFault } from '../../domain/faults';
import { pageText } from '../../domain/page/text';
import {
  PATHS,
  type UpgradeFrom,
  type UpgradeTo,
  howToRecord,
  isRecorded,
  pathsText,
} from '../../hydra/paths/registry';
import { watchEndSignals } from '../cli/end-signals';
import { writeAtomically } from '../supervisor';
import { deathFault, upWorld } from '../up';
import { type DemoReport } from './demo-report';
import { demoPage, inPlaceDemoPage } from './demo-page';
import { Report } from './report';
import { runDemo } from './run-demo';
import { runIncidentDemo } from './run-incident';
import { type InPlaceDemoReport, runInPlaceDemo } from './run-in-place';

const USAGE =
  'usage: npm run demo [-- --manual] [-- --json FILE] [-- --from VERSION] [-- --to VERSION | --in-place | --full | --incident]';

/**
 * `npm run demo`: the world up, history, traffic, the upgrade through the CLI, proofs, down. Exit 0 only when every check
 * held.
 */
async function main(): Promise<number> {
  const signals = watchEndSignals();
  const report = new Report((text) => process.stdout.write(text));
  try {
    const { manual, json, from, to, inPlace, full, incident } = readArguments();
    if (!isRecorded({ from, to }))
      throw new CutoverFault(
        'CHECK_FAILED',
        `what the migrations of ${to} do was not recorded here: ${howToRecord(to)}`,
      );
    const logger = createLogger({ level: 'warn', bindings: { process: 'demo' } });
    const world = await report.step('world up', () =>
      upWorld({
        keep: false,
        from,
        to,
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
      const options = { manual, full, to, signal: signals.ended };
      const run = inPlace ? runInPlaceDemo : incident ? runIncidentDemo : runDemo;
      result = await Promise.race([run(world, report, options), stopped, died]);
    } finally {
      await report.step('world down', () => world.down(result?.ok !== true && !signals.ended.aborted));
    }
    if (!result.ok) report.note(`logs: ${world.info.logsDir}`);
    if (json !== undefined) writeAtomically(resolve(json), result);
    const page = 'switchover' in result ? demoPage(result) : inPlaceDemoPage(result);
    process.stdout.write(`\n${pageText(page, widthOf(process.stdout))}\n`);
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
  readonly to: UpgradeTo;
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
        to: { type: 'string' },
        'in-place': { type: 'boolean', default: false },
        full: { type: 'boolean', default: false },
        incident: { type: 'boolean', default: false },
      },
    });
    const { 'in-place': inPlace, full, incident } = values;
    if (inPlace && full) throw new Error('--full does what --in-place does, and goes on: give one of them');
    const isOtherWay = (values.from ?? values.to) !== undefined;
    if ((inPlace || full) && isOtherWay) {
      throw new Error('--in-place and --full begin with 1.3.2, and take no --from and no --to');
    }
    if (incident && (inPlace || full || isOtherWay)) {
      throw new Error('--incident is one of 1.11.10 to 2.3.0, and takes no --in-place, --full, --from or --to');
    }
    const [wanted, wantedTo] = [values.from ?? '1.11.10', values.to ?? '2.3.0'];
    const path = PATHS.find(({ from, to }) => from === wanted && to === wantedTo);
    if (path === undefined) throw new Error(`no way leads from ${wanted} to ${wantedTo} (there are: ${pathsText()})`);
    return { manual: values.manual, json: values.json, from: path.from, to: path.to, inPlace, full, incident };
  } catch (error) {
    throw new CutoverFault('USAGE', `${errorMessage(error)}; ${USAGE}`);
  }
}

void main().then((code) => process.exit(code));
