import { createInterface } from 'node:readline';
import { createSwitchover } from '../../../activities/switchover';
import { realTools } from '../../../activities/switchover/real-tools';
import { type SwitchoverSettings } from '../../../domain/settings';
import { stepContext } from '../activities/green-fixture';
import { CUTOVER, partiesAt, type Reach, stepDeps } from './step-deps';

/** One line on standard input: run the step, and stop this process at that point as SIGSTOP does. */
export interface Order {
  readonly reach: Reach;
  readonly settings: SwitchoverSettings;
  /** After an action of this name; or before the first statement that holds this text. */
  readonly freeze: { readonly after: string } | { readonly before: string };
}

async function run({ reach, settings, freeze }: Order): Promise<string> {
  let isFrozen = false;
  const stop = (): void => {
    if (isFrozen) return;
    isFrozen = true;
    process.stdout.write('frozen\n');
    process.kill(process.pid, 'SIGSTOP');
  };
  const parties = partiesAt(reach, () => 60_000);
  const deps = stepDeps(reach, parties, {
    switchover: () => settings,
    onQuery: ({ text }) => {
      if ('before' in freeze && text.includes(freeze.before)) stop();
      return undefined;
    },
    onAction: (step) => {
      if ('after' in freeze && step === freeze.after) stop();
    },
  });
  try {
    const receipt = await createSwitchover(realTools)(deps, { cutoverId: CUTOVER, environment: 'test' }, stepContext());
    return receipt.outcome;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

process.stdout.write('ready\n');
createInterface({ input: process.stdin }).on('line', (line) => {
  void run(JSON.parse(line) as Order).then((outcome) => process.stdout.write(`ended ${outcome}\n`));
});
