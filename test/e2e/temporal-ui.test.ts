import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser } from 'playwright-core';
import { type Decision, type Gate } from '../../domain/runbook';
import { COMMITTED_SIGNAL } from '../../domain/commit-word';
import { runCutoverCli } from '../../world/demo/cli-process';
import { workerProcess } from '../../world/up';
import { chromiumOrWarning } from '../support/chromium';
import { launchChromium } from '../support/launch-chromium';
import { SCREENSHOTS, SCREENSHOTS_FOLDER, TemporalUiPage } from './temporal-ui-page';
import { UpgradeWorld } from './upgrade-world';

const WORKFLOW_ID = 'cutover/world';
const GRANTS = 50;
const SET_UP_MS = 600_000;
const TEST_MS = 600_000;

const chromium = chromiumOrWarning(process.env, (line) => process.stderr.write(line));

describe('docs/temporal-ui.md', () => {
  it('shows every picture that is taken here, and no other', () => {
    const text = readFileSync(join(SCREENSHOTS_FOLDER, '..', 'temporal-ui.md'), 'utf8');
    const shown = [...text.matchAll(/\]\(screenshots\/(.+?)\.png\)/g)].map(([, name]) => name);
    expect(shown.sort()).toEqual([...SCREENSHOTS].sort());
    expect(readdirSync(SCREENSHOTS_FOLDER).sort()).toEqual(SCREENSHOTS.map((name) => `${name}.png`).sort());
  });
});

// Not `describe.skip`: nothing here is ever reported as skipped. Without a browser a line on stderr says so, and CI fails.
if (chromium !== undefined) describe('an upgrade in the Temporal UI', () => driveUpgrades(chromium));

function driveUpgrades(executable: string): void {
  let upgrade: UpgradeWorld;
  let browser: Browser;
  let ui: TemporalUiPage;

  beforeAll(async () => {
    upgrade = await UpgradeWorld.start(GRANTS);
    browser = await launchChromium(executable);
  }, SET_UP_MS);

  afterAll(async () => {
    await browser?.close();
    await upgrade?.stop();
  }, SET_UP_MS);

  /** Of the tests of one run, or of each test. */
  const openPage = async () => {
    ui = await TemporalUiPage.open(browser, upgrade.world.info.temporal);
  };
  const endPageAndRun = async () => {
    await ui?.close();
    await haveWorker(upgrade);
    await endRun(upgrade);
  };

  describe('in one run, from the form that starts it to its cancellation,', () => {
    beforeAll(openPage, TEST_MS);
    afterAll(endPageAndRun, TEST_MS);

    it(
      'starts with one short JSON in the form, and shows what gate plan asks and its evidence',
      async () => {
        await ui.fillStartForm({
          workflowId: WORKFLOW_ID,
          taskQueue: 'hydra-cutover',
          workflowType: 'upgradeHydra',
          input: '{"environment":"world","by":"alice@example.org"}',
        });
        await ui.screenshot('start-form');
        expect(await ui.submitStartForm(WORKFLOW_ID)).toContain('started successfully');
        const { startedBy, awaiting } = await atGatePlan(upgrade);
        expect(startedBy).toBe('alice@example.org');
        const details = await ui.currentDetails('Waiting for a person: gate plan');
        expect(details).toContain('Not committed: blue serves');
        expect(details).toMatch(/Hydra: 1\.11\.10 to 2\.3\.0/);
        expect(details).toContain(`"question": "${awaiting?.question}"`);
        await ui.screenshot('gate-plan');
        expect(await ui.detailsCutOff()).toBeLessThanOrEqual(0);
        await ui.scrollDetailsTo('How to answer');
        await ui.screenshot('gate-plan-answer');
      },
      TEST_MS,
    );

    it.each([
      ['names another gate', { gate: 'cutover', decision: 'approve', by: 'bob' }, 'the open gate is plan; nothing was'],
      ['has no shape of a decision', ['approve'], 'the decision is a list, not an object; send {"gate":"plan"'],
    ])(
      'keeps the dialog open and says why when a decision %s',
      async (_how, decision, reason) => {
        await openLatestRun(upgrade, ui);
        const dialog = await ui.fillUpdate('decide', JSON.stringify(decision));
        expect(await dialog.submitRefused()).toContain(reason);
        if (!Array.isArray(decision)) await ui.screenshot('refused');
        expect(await upgrade.status()).toMatchObject({ awaiting: { gate: 'plan' }, decisions: [] });
      },
      TEST_MS,
    );

    it(
      'goes on behind gate plan when that is approved by Update, which the page and the CLI tell',
      async () => {
        await openLatestRun(upgrade, ui);
        const question = (await upgrade.status())?.awaiting?.question;
        const decision = { gate: 'plan', decision: 'approve', by: 'bob@example.org', note: 'change 4711', question };
        await (await ui.fillUpdate('decide', JSON.stringify(decision))).submitAccepted();
        expect(await upgrade.cli('status')).toContain('gate plan: approve by bob@example.org (change 4711)');
        expect(await ui.currentDetails('gate plan: approve by bob@example.org')).not.toContain('Waiting for a person');
        await ui.screenshot('approved');
        expect(await ui.detailsCutOff()).toBeLessThanOrEqual(0);
      },
      TEST_MS,
    );

    it(
      'undoes everything and leaves blue serving when its cancellation is requested on the way',
      async () => {
        await upgrade.until('snapshot', ({ phases }) => phases.some(({ name }) => name === 'snapshot'));
        await ui.requestCancellation();
        const { report } = await upgrade.until('the end', (status) => status.report !== null);
        expect(report).toMatchObject({ outcome: 'cancelled', switchovers: [] });
        expect(report?.undone).toContainEqual(expect.objectContaining({ phase: 'capture', ok: true }));
        await ui.executionStatus('Canceled');
        await ui.currentDetails('world: cancelled');
        await ui.screenshot('cancelled');
        expect(await ui.detailsCutOff()).toBeLessThanOrEqual(0);
        expect(await upgrade.writesArriveOnBlue()).toBe(true);
      },
      TEST_MS,
    );
  });

  describe('in a run of its own', () => {
    beforeEach(openPage);
    afterEach(endPageAndRun, TEST_MS);

    it(
      'says that an Update succeeded which nobody took, while the CLI says that no worker answers',
      async () => {
        const question = await openAtGatePlan(upgrade, ui);
        const decision = { gate: 'plan', decision: 'approve', by: 'bob', question };
        const dialog = await ui.fillUpdate('decide', JSON.stringify(decision));
        await upgrade.world.supervisor.stop('worker');
        const { configFile, env } = upgrade.world.info.cutover;
        // Beside the Update, which nobody answers for 20 s.
        const [{ exitCode, stdout }] = await Promise.all([
          runCutoverCli(['status', '--config', configFile], env),
          dialog.submitAccepted(),
        ]);
        const { events } = await upgrade.temporal.workflow.getHandle(WORKFLOW_ID).fetchHistory();
        expect((events ?? []).filter((event) => event.workflowExecutionUpdateAcceptedEventAttributes)).toEqual([]);
        expect(exitCode).toBe(6);
        expect(stdout).toMatch(/no worker answers[^]*(Nobody polls|was polled last at)/);
        expect(stdout).toMatch(/awaiting\s+gate plan/);
      },
      TEST_MS,
    );

    // The last one: blue serves no more behind it.
    it(
      'is decided at every gate by Updates with the JSON that the page shows, and tells at each what it is decided on',
      async () => {
        await openAtGatePlan(upgrade, ui);
        await decideInUi(upgrade, ui, 'plan', 'approve');
        await atGate(upgrade, 'cutover');
        const asked = await ui.currentDetails('Waiting for a person: gate cutover');
        expect(asked).toContain('Not committed: blue serves');
        expect(asked).toMatch(/users stay logged in: .*logged in on blue.*closed green takes his tokens/);
        expect(asked).toMatch(/parity of all rows: \d+ rows/);
        await ui.screenshot('gate-cutover');
        expect(await ui.detailsCutOff()).toBeLessThanOrEqual(0);
        // An attempt that found its pause used up on a busy machine moves nothing: the gate asks again.
        const isDecided = () => upgrade.until('a commit', (now) => now.committed || now.awaiting?.gate === 'cutover');
        while (!(await isDecided()).committed) await decideInUi(upgrade, ui, 'cutover', 'approve');

        await atGate(upgrade, 'finalize');
        // The step told its run of the commit; one signal, because no worker died of it.
        const { events } = await upgrade.temporal.workflow.getHandle(WORKFLOW_ID).fetchHistory();
        const signals = (events ?? []).flatMap(
          ({ workflowExecutionSignaledEventAttributes: signal }) => signal?.signalName ?? [],
        );
        expect(signals).toEqual([COMMITTED_SIGNAL]);
        const served = await ui.currentDetails('Waiting for a person: gate finalize');
        expect(served).toMatch(/users stay logged in: .*went on with session, refresh, code, logout, revocation/);
        expect(served).toContain('bake');
        await ui.screenshot('gate-finalize');
        expect(await ui.detailsCutOff()).toBeLessThanOrEqual(0);
        await decideInUi(upgrade, ui, 'finalize', 'reject');

        await upgrade.untilAsked('intervene');
        const called = await ui.currentDetails('Waiting for a person: gate intervene');
        expect(called).toContain('rejected at gate finalize');
        await ui.screenshot('gate-intervene');
        expect(await ui.detailsCutOff()).toBeLessThanOrEqual(0);
        await decideInUi(upgrade, ui, 'intervene', 'retry');
        await atGate(upgrade, 'finalize');
        await decideInUi(upgrade, ui, 'finalize', 'approve');

        const { report } = await upgrade.until('the end', (status) => status.report !== null);
        expect(report).toMatchObject({
          outcome: 'completed',
          evidence: { canaryUser: { state: 'known', beforeSnapshot: true } },
          validation: { canaryUser: { state: 'held', beforeSnapshot: true } },
        });
        await ui.executionStatus('Completed');
        expect(await ui.currentDetails('world: completed')).toMatch(/users stay logged in: .*went on with session/);
        await ui.screenshot('completed');
        expect(await ui.detailsCutOff()).toBeLessThanOrEqual(0);
        expect(await upgrade.cli('report')).toMatch(/users stay logged in\s.*went on with session/);
      },
      TEST_MS,
    );
  });
}

function atGate(upgrade: UpgradeWorld, gate: Gate) {
  return upgrade.until(`gate ${gate}`, ({ awaiting }) => awaiting?.gate === gate);
}

/** Sends what the page shows to be copied, with a name in it. */
async function decideInUi(upgrade: UpgradeWorld, ui: TemporalUiPage, gate: Gate, decision: Decision): Promise<void> {
  const question = (await upgrade.untilAsked(gate)).awaiting?.question ?? 'unknown';
  await ui.decideAsShown({ gate, question }, decision);
  await upgrade.decided(question);
}

function atGatePlan(upgrade: UpgradeWorld) {
  return upgrade.until('gate plan', ({ awaiting }) => awaiting?.gate === 'plan');
}

/** @returns the question that is open */
async function openAtGatePlan(upgrade: UpgradeWorld, ui: TemporalUiPage): Promise<string | undefined> {
  await upgrade.start();
  const { awaiting } = await atGatePlan(upgrade);
  await openLatestRun(upgrade, ui);
  return awaiting?.question;
}

async function openLatestRun({ temporal }: UpgradeWorld, ui: TemporalUiPage): Promise<void> {
  const { runId } = await temporal.workflow.getHandle(WORKFLOW_ID).describe();
  await ui.openRun(WORKFLOW_ID, runId);
}

async function haveWorker({ world: { supervisor, info } }: UpgradeWorld): Promise<void> {
  if (supervisor.processes.some(({ name }) => name === 'worker')) return;
  await supervisor.start(workerProcess(info.runDir, info.cutover.configFile, info.cutover.env));
}

/** The id is one of a kind: the next test starts when this run has ended. */
async function endRun({ temporal }: UpgradeWorld): Promise<void> {
  const handle = temporal.workflow.getHandle(WORKFLOW_ID);
  if ((await handle.describe()).status.name === 'RUNNING') await handle.cancel();
  await handle.result().catch(() => undefined);
}
