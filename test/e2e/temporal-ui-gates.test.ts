import { Client, Connection } from '@temporalio/client';
import { type Browser } from 'playwright-core';
import { stepsOf } from '../../activities/in-place/plan-steps';
import { createLogger } from '../../config/logger';
import { type InPlacePlan } from '../../domain/in-place/receipts';
import { IN_PLACE_WORKFLOW } from '../../domain/in-place/runbook';
import { type InPlaceSettings } from '../../domain/in-place/settings';
import { cutoverWorkflowId, type Decision, type Gate, UPGRADE_WORKFLOW } from '../../domain/runbook';
import { type Steps } from '../../domain/steps';
import { createTemporalWorker, type TemporalWorker } from '../../workers/temporal-worker';
import { chromiumOrWarning } from '../support/chromium';
import { launchChromium } from '../support/launch-chromium';
import { startTemporalDevServer, type TemporalDevServer } from '../support/temporal-dev-server';
import { closed, gateOpens, type Handle } from '../workflows/support/environment';
import { fakeInPlaceSteps, IN_PLACE_PLAN, share } from '../workflows/support/fake-in-place-steps';
import { fakeSteps, inTurn, PLAN } from '../workflows/support/fake-steps';
import { type SCREENSHOTS, TemporalUiPage } from './temporal-ui-page';

const TASK_QUEUE = 'ui-gates';
const TEST_MS = 600_000;

const chromium = chromiumOrWarning(process.env, (line) => process.stderr.write(line));

// Real Temporal, UI and workflows with steps that do nothing; a whole upgrade of real servers is driven in `temporal-ui.test.ts`.
if (chromium !== undefined) describe('the gates that few runs have, in the Temporal UI', () => driveGates(chromium));

function driveGates(executable: string): void {
  let server: TemporalDevServer;
  let worker: TemporalWorker;
  let running: Promise<void>;
  let connection: Connection;
  let browser: Browser;
  let ui: TemporalUiPage;

  beforeAll(async () => {
    server = await startTemporalDevServer({ ui: true });
    const { address } = server;
    worker = await createTemporalWorker(
      ...([
        { address, taskQueue: TASK_QUEUE },
        steps() as Steps,
        process.env,
        createLogger({ level: 'error' }),
      ] as const),
    );
    running = worker.run();
    connection = await Connection.connect({ address });
    browser = await launchChromium(executable);
  }, TEST_MS);

  afterAll(async () => {
    await browser?.close();
    await connection?.close();
    await worker?.close();
    await running;
    await server?.stop();
  }, TEST_MS);

  beforeEach(async () => {
    ui = await TemporalUiPage.open(browser, { uiUrl: server.uiUrl, namespace: 'default' });
  });
  afterEach(() => ui.close());

  async function begin(workflow: string, environment: string): Promise<Handle> {
    const handle = (await new Client({ connection }).workflow.start(workflow, {
      ...{ taskQueue: TASK_QUEUE, workflowId: cutoverWorkflowId(environment) },
      args: [{ environment, by: 'alice@example.org' }],
    })) as Handle;
    await ui.openRun(handle.workflowId, (await handle.describe()).runId);
    return handle;
  }

  /** Looks at what the page says of an open gate, and decides it there. */
  async function decided(handle: Handle, gate: Gate, decision: Decision, says: RegExp, name?: Shot): Promise<void> {
    const { question = 'unknown', decisions = [] } = (await gateOpens(handle, gate)).awaiting ?? {};
    const details = await ui.currentDetails(`"question": "${question}"`);
    expect(details).toContain(`Waiting for a person: gate ${gate}`);
    expect(details).toMatch(says);
    // Of each answer the JSON and the command, to be copied as they stand.
    const blocks = await ui.codeBlocks();
    expect(blocks.filter((block) => block.includes(`"question": "${question}"`))).toHaveLength(decisions.length);
    expect(blocks.filter((block) => block.includes(`--question ${question}`))).toHaveLength(decisions.length);
    if (name !== undefined) await ui.screenshot(name);
    expect(await ui.detailsCutOff()).toBeLessThanOrEqual(0);
    await ui.decideAsShown({ gate, question }, decision);
  }

  it(
    'gate proceed tells what comes next and how it is taken back, and lets it begin',
    async () => {
      const handle = await begin(UPGRADE_WORKFLOW, 'asks-before');
      await decided(handle, 'plan', 'approve', /blue serves/);
      await decided(
        handle,
        'proceed',
        'approve',
        /everything before migrate is done.*its undo: goes with green/s,
        'gate-proceed',
      );
      expect((await gateOpens(handle, 'cutover')).decisions.map(({ gate }) => gate)).toEqual(['plan', 'proceed']);
      await ui.requestCancellation();
      expect((await closed(handle)).report.outcome).toBe('cancelled');
    },
    TEST_MS,
  );

  it(
    'an upgrade in place is decided at each of its gates, after a share that was bad',
    async () => {
      const handle = await begin(IN_PLACE_WORKFLOW, 'in-place');
      await decided(handle, 'plan', 'approve', /1\.3\.2 to 1\.11\.10, in place/, 'in-place-plan');
      await decided(handle, 'intervene', 'retry', /token: invalid_grant/, 'in-place-intervene');
      await decided(
        handle,
        'finalize',
        'approve',
        /`?reject`? gives Hydra 1\.3\.2 all requests again/,
        'in-place-finalize',
      );
      await ui.executionStatus('Completed');
      expect((await closed(handle)).report.decisions.map(({ gate }) => gate)).toEqual([
        'plan',
        'intervene',
        'finalize',
      ]);
    },
    TEST_MS,
  );
}

type Shot = (typeof SCREENSHOTS)[number];

/** Answers as of real servers, so that the pictures of docs/temporal-ui.md show what a person will see. */
function steps(): unknown {
  const load = { cpuMsPerRequest: 1.4, residentBytes: 58_720_256, p95Ms: 12 };
  const watched = { durationMs: 120_000, requests: 118, load: { old: load, new: { ...load, p95Ms: 11 } } };
  const judgeShare = inTurn(
    async () =>
      share({
        ...{ ...watched, share: 1, verdict: 'bad' },
        problems: ['token: invalid_grant 5 of 41, at most 0.4 % were usual'],
      }),
    async () => share({ ...watched, share: 1 }),
    async () => share({ ...watched, share: 10, requests: 1_206 }),
    async () => share({ ...watched, share: 50, requests: 6_011 }),
    async () => share({ ...watched, share: 100, requests: 12_044 }),
  );
  return {
    ...fakeInPlaceSteps({
      planInPlace: async ({ environment }) => ({ ...inPlacePlan(), environment }),
      layLayer: async () => ({ views: inPlacePlan().online.changedTables, sessions: 6 }),
      migrateOnline: async () => ({ acts: 6, durationMs: 4_200 }),
      startBeside: async () => ({
        version: '1.11.10',
        proven: ['a token of the old version at the new one', 'a token of the new version at the old one'],
      }),
      judgeShare,
    }).activities,
    ...fakeSteps({
      preflight: async ({ environment }) => ({
        ...{ ...PLAN, environment, warnings: [] },
        gates: { ...PLAN.gates, before: ['migrate'] },
        steps: [
          {
            ...{ phase: 'migrate', predictedMs: 240_000 },
            what: "Hydra 2.3.0's own `migrate sql` on green, as the role of its migrations",
            undo: 'goes with green',
          },
        ],
      }),
      cleanGreen: async () => ({ rules: [{ id: 'F01', rows: 12, archived: 12 }] }),
    }).activities,
  };
}

function inPlacePlan(): InPlacePlan {
  const migration = '20210928155900000000';
  const online: InPlacePlan['online'] = {
    ...IN_PLACE_PLAN.online,
    changedTables: ['hydra_client', 'hydra_oauth2_access', 'hydra_oauth2_authentication_request'],
    acts: ['hydra_oauth2_access_requested_at_idx', 'hydra_oauth2_refresh_request_id_idx'].map((index) => ({
      ...{ migration, kind: 'dropIndex', index, says: `index ${index} is dropped without stopping anybody` },
    })),
  };
  const settings = {
    ...{ from: '1.3.2', to: '1.11.10', oldRole: 'hydra', recycle: { how: 'wait' }, shares: [1, 10, 50, 100] },
    ...{ judge: { durationMs: 120_000 }, migration: { lockTimeoutMs: 200 } },
  } as unknown as InPlaceSettings;
  return {
    ...{ ...IN_PLACE_PLAN, online, shares: settings.shares, warnings: [], steps: stepsOf(settings, online, 0) },
    database: { ...IN_PLACE_PLAN.database, bytes: 1_240_000_000, rows: { hydra_oauth2_access: 1_000_000 } },
  };
}
