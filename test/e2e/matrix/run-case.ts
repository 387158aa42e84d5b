import { type Report } from '../../../domain/receipts';
import { FROM_THE_OLDER } from '../../../world/demo/in-place';
import { clientProblems } from '../client-problems';
import { type UpgradeWorld } from '../upgrade-world';
import { type RealCase } from './real-cases';
import { RealRun } from './real-run';
import { difference, traces } from './traces';

/** What one case came to; no problems: as it should be. */
export interface RealResult {
  readonly title: string;
  readonly outcome: string;
  readonly undone: readonly string[];
  readonly struckIn: readonly string[];
  readonly requests: number;
  readonly durationMs: number;
  readonly problems: readonly string[];
}

/** Plays one case under traffic and looks at everything that a person would want to be sure of afterwards. */
export async function runCase(upgrade: UpgradeWorld, realCase: RealCase): Promise<RealResult> {
  const startedMs = Date.now();
  const before = await traces(upgrade);
  const traffic = await upgrade.traffic(realCase.inPlace === true ? { population: FROM_THE_OLDER } : {});
  const run = new RealRun(upgrade);
  const problems: string[] = [];
  const play = async () => {
    await run.start(realCase);
    await realCase.play(run);
    return (await run.end()).report;
  };
  const report = await play().catch((error: unknown) => {
    problems.push(error instanceof Error ? error.message : String(error));
    return null;
  });
  await run.releaseBlue();
  const clientsSaw = await traffic.finish();
  const { requestsPerSecond, durationMs } = clientsSaw;
  if (report?.outcome !== realCase.ends)
    problems.push(`ended as ${report?.outcome ?? 'nothing'}, not ${realCase.ends}`);
  problems.push(...clientProblems(clientsSaw));
  if (report !== null) problems.push(...(await leftBy(upgrade, realCase, report, before)));
  problems.push(
    ...(await notWritable(upgrade, realCase.ends === 'completed' && realCase.inPlace !== true ? 'green' : 'blue')),
  );
  await run.mendIfChanged();
  return {
    title: realCase.title,
    outcome: report?.outcome ?? 'not ended',
    undone: (report?.undone ?? []).map(({ phase, ok }) => (ok ? phase : `${phase} NOT`)),
    struckIn: run.struckIn,
    requests: Math.round((requestsPerSecond * durationMs) / 1_000),
    durationMs: Date.now() - startedMs,
    problems,
  };
}

/** A run that was undone leaves nothing; one in place that has begun to migrate leaves what its old version needs. */
async function leftBy(
  upgrade: UpgradeWorld,
  { ends, layerStays = false }: RealCase,
  report: Report,
  before: readonly string[],
): Promise<string[]> {
  const stays = report.inPlace?.layerStays ?? false;
  if (stays !== layerStays) return [`the views ${stays ? '' : 'do not '}stay`];
  return ends === 'completed' || stays ? [] : difference(before, await traces(upgrade));
}

/** A write through the gateway must arrive on the side that serves, and on no other. */
async function notWritable(upgrade: UpgradeWorld, side: 'blue' | 'green'): Promise<string[]> {
  try {
    const isOnBlue = await upgrade.writesArriveOnBlue();
    return isOnBlue === (side === 'blue') ? [] : [`a new client is ${isOnBlue ? '' : 'not '}on blue`];
  } catch (error) {
    return [`no write through the gateway: ${error instanceof Error ? error.message : String(error)}`];
  }
}
