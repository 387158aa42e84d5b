import { createLogger } from '../../config/logger';
import { asCutoverFault } from '../../domain/faults';
import { watchEndSignals } from '../cli/end-signals';
import { deathFault, upWorld } from '../up';
import { runDemo } from './run-demo';
import { Report } from './report';

/**
 * `npm run demo`: the world up, real grants, a snapshot restored beside it, the same Hydra on both, compared, down.
 * Exit 0 only when every check held.
 */
async function main(): Promise<number> {
  const signals = watchEndSignals();
  const report = new Report((text) => process.stdout.write(text));
  try {
    const logger = createLogger({ level: 'warn', bindings: { process: 'demo' } });
    const world = await report.step('world up', () =>
      upWorld({ keep: false, logger, signal: signals.ended, progress: (line) => report.note(line) }),
    );
    signals.onSecond(() => world.kill());
    let failed = true;
    try {
      const stopped = signals.happened.then(() => Promise.reject(signals.ended.reason as Error));
      const died = world.died.then((death) => Promise.reject(deathFault(death)));
      await Promise.race([runDemo(world, report, signals.ended), stopped, died]);
      failed = !report.allHeld;
    } finally {
      await report.step('world down', () => world.down(failed && !signals.ended.aborted));
    }
    if (failed) report.note(`logs: ${world.info.logsDir}`);
    report.summary();
    return report.allHeld ? 0 : 1;
  } catch (error) {
    if (signals.ended.aborted) return signals.exitCode();
    const fault = asCutoverFault(error);
    process.stderr.write(`error ${fault.code}: ${fault.message}\n`);
    return fault.exitCode;
  } finally {
    signals.release();
  }
}

void main().then((code) => process.exit(code));
