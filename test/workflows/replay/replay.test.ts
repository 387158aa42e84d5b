import { statSync } from 'node:fs';
import { join } from 'node:path';
import { DefaultLogger, Runtime, Worker, type WorkflowBundleOption } from '@temporalio/worker';
import { workflowBundle } from '../../../workers/workflow-bundle';
import { HISTORIES_FOLDER, keptHistory, readHistories, whatToDo, type KeptHistory } from './histories';
import { SCENARIOS } from './scenarios';

const FILE_BYTES_MAX = 300_000;
const kept = readHistories();
let bundle: WorkflowBundleOption;

beforeAll(async () => {
  const logger = new DefaultLogger('ERROR', () => undefined);
  Runtime.install({
    logger,
    telemetryOptions: { logging: { forward: {}, filter: { core: 'ERROR', other: 'ERROR' } } },
  });
  bundle = await workflowBundle(process.env, logger);
});

/** @throws Error that says what to do */
async function replay({ name, history, workflowId }: KeptHistory): Promise<void> {
  try {
    await Worker.runReplayHistory({ workflowBundle: bundle }, history, workflowId);
  } catch (error) {
    throw new Error(whatToDo(name, error as Error));
  }
}

describe('a run that is open when the workflow changes', () => {
  it.each(kept)('goes on as before: $name', replay);

  it('has a history of every scenario, and of no other', () => {
    expect(kept.map(({ name }) => name)).toEqual(SCENARIOS.map(({ name }) => name).sort());
  });

  it('would be noticed when it went another way, with what to do', async () => {
    const [happy] = kept.filter(({ name }) => name === 'happy');
    const json = happy?.json.replaceAll('"enableCapture"', '"takeSnapshotFirst"') ?? '';
    await expect(replay(keptHistory('happy', json))).rejects.toThrow(
      /history "happy".*patched\(.*npm run histories.*TMPRL1100/s,
    );
  });
});

describe('two signals that reach the workflow in one task', () => {
  /** As if somebody else had decided in the same moment: no test can time that, but a history can say it. */
  const withSecondSignal = (json: string, decision: string): string => {
    const kept = JSON.parse(json) as { events: Readonly<Record<string, unknown>>[] };
    const at = kept.events.findIndex((event) => 'workflowExecutionSignaledEventAttributes' in event) + 1;
    const later = (value: unknown, key = ''): unknown => {
      if (/eventId$/i.test(key)) return Number(value) > at ? String(Number(value) + 1) : value;
      if (Array.isArray(value)) return value.map((inner) => later(inner));
      if (typeof value !== 'object' || value === null) return value;
      return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, later(inner, name)]));
    };
    const second = JSON.stringify({ ...kept.events[at - 1], eventId: String(at + 1) }).replace(
      /"data":"([^"]*)"/,
      (_all, data: string) =>
        `"data":"${Buffer.from(Buffer.from(data, 'base64').toString().replace('approve', decision)).toString('base64')}"`,
    );
    const events = [
      ...kept.events.slice(0, at),
      JSON.parse(second) as unknown,
      ...kept.events.slice(at).map((event) => later(event)),
    ];
    return JSON.stringify({ ...kept, events });
  };

  it('are followed in their order: the first one counts', async () => {
    const [told] = kept.filter(({ name }) => name === 'told-by-signal');
    await replay(keptHistory('told-by-signal', withSecondSignal(told?.json ?? '', 'reject')));
  });
});

describe('a kept history', () => {
  it.each(kept)('is small and tells nothing of the machine: $name', ({ name, json }) => {
    expect(statSync(join(HISTORIES_FOLDER, `${name}.json`)).size).toBeLessThan(FILE_BYTES_MAX);
    const decoded = json.replace(/"data":"([^"]*)"/g, (_all, data: string) => Buffer.from(data, 'base64').toString());
    expect(decoded).not.toMatch(/stackTrace|node_modules|\/home\/|\/root\/|\/tmp\/|password|secret/i);
    const identities = [...json.matchAll(/"identity":"([^"]*)"/g)].map(([, identity]) => identity);
    expect(new Set(identities)).toEqual(new Set(['tests']));
  });
});
