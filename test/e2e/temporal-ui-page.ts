import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, type BrowserContext, type Locator, type Page } from 'playwright-core';
import { type Decision, type DecisionMessage, type Gate } from '../../domain/runbook';

/** A page of the UI takes 3 to 4 seconds to load on two busy cores, and an Update without a worker 20 to be answered. */
const ACTION_TIMEOUT_MS = 180_000;
const REFRESH_MS = 2_000;
const REFRESHES = 60;
const VIEWPORT = { width: 1280, height: 900 } as const;
/** Where the files lie that `docs/temporal-ui.md` shows. */
export const SCREENSHOTS_FOLDER = join(__dirname, '..', '..', 'docs', 'screenshots');
export const SCREENSHOTS = [
  ...['start-form', 'gate-plan', 'gate-plan-answer', 'refused', 'approved', 'cancelled'],
  ...['gate-proceed', 'gate-cutover', 'gate-finalize', 'gate-intervene', 'completed'],
  ...['in-place-plan', 'in-place-intervene', 'in-place-finalize'],
] as const;

export interface StartForm {
  readonly workflowId: string;
  readonly taskQueue: string;
  readonly workflowType: string;
  /** One JSON value. */
  readonly input: string;
}

/**
 * The Temporal UI as an operator uses it. It draws every header and dialog twice, for two widths of the window; a person sees one, so
 * everything here looks for what is visible, or for the dialog that is open.
 */
export class TemporalUiPage {
  private constructor(
    private readonly context: BrowserContext,
    private readonly page: Page,
    private readonly root: string,
  ) {}

  static async open(browser: Browser, { uiUrl, namespace }: { uiUrl: string; namespace: string }) {
    const context = await browser.newContext({ viewport: VIEWPORT });
    context.setDefaultTimeout(ACTION_TIMEOUT_MS);
    return new TemporalUiPage(context, await context.newPage(), `${uiUrl}/namespaces/${namespace}/workflows`);
  }

  close(): Promise<void> {
    return this.context.close();
  }

  /** Fills in "Start Workflow" without sending it. */
  async fillStartForm({ workflowId, taskQueue, workflowType, input }: StartForm): Promise<void> {
    await this.page.goto(`${this.root}/start-workflow`);
    await this.page.locator('#workflowId').fill(workflowId);
    await this.page.locator('#taskQueue').fill(taskQueue);
    await this.page.locator('#workflowType').fill(workflowType);
    await this.type(this.page.getByRole('textbox', { name: 'Data' }).first(), input);
  }

  /**
   * Sends the form and follows the link that it answers with.
   *
   * @returns what the link says
   */
  async submitStartForm(workflowId: string): Promise<string> {
    await this.page.getByTestId('start-workflow-button').click();
    const link = this.page.locator(`a[href*="/workflows/${encodeURIComponent(workflowId)}/"]`).first();
    const [said, target] = [await link.innerText(), await link.getAttribute('href')];
    // It opens another tab.
    await this.page.goto(new URL(target ?? '', this.page.url()).href);
    await this.visible(this.page.getByTestId('user-metadata-tab')).waitFor();
    return said;
  }

  async openRun(workflowId: string, runId: string): Promise<void> {
    await this.page.goto(`${this.root}/${encodeURIComponent(workflowId)}/${runId}/history`);
    await this.visible(this.page.getByTestId('user-metadata-tab')).waitFor();
  }

  /**
   * What Current Details say as soon as they hold `wanted`. They are not drawn anew by themselves, so key `r` is pressed until then.
   *
   * @throws Error with what they say instead
   */
  async currentDetails(wanted: string): Promise<string> {
    await this.visible(this.page.getByTestId('user-metadata-tab')).click();
    for (let tries = 0; tries < REFRESHES; tries++) {
      await this.page.keyboard.press('r');
      const shown = this.details().getByText(wanted).first().waitFor({ timeout: REFRESH_MS });
      const isShown = await shown.then(
        () => true,
        () => false,
      );
      if (isShown) return this.details().innerText();
    }
    throw new Error(`Current Details do not say "${wanted}" but: ${await this.details().innerText()}`);
  }

  /** How far something in Current Details is wider than they are, in pixels; what is beyond their edge nobody sees. */
  async detailsCutOff(): Promise<number> {
    return this.details().evaluate(
      (body: { scrollWidth: number; clientWidth: number }) => body.scrollWidth - body.clientWidth,
    );
  }

  /** Brings a part of Current Details to the middle of the window. */
  async scrollDetailsTo(heading: string): Promise<void> {
    await this.details().getByRole('heading', { name: heading }).scrollIntoViewIfNeeded();
  }

  /** Opens "Send an Update" and fills it in. The names to choose from come from the worker. */
  async fillUpdate(name: string, input: string): Promise<UpdateDialog> {
    await this.visible(this.page.getByRole('button', { name: 'More Actions' })).click();
    await this.visible(this.page.getByTestId('update-button')).click();
    const dialog = this.page.locator('dialog#update-confirmation-modal[open]');
    await dialog.getByTestId('update-select-button').click();
    await dialog.getByRole('option', { name: new RegExp(`^\\s*${name}`) }).click();
    await this.type(dialog.getByRole('textbox').last(), input);
    return new UpdateDialog(this.page, dialog);
  }

  /**
   * Decides a question by an Update with the JSON that Current Details show to be copied, a name filled in.
   *
   * @throws Error when they show none for this decision
   */
  async decideAsShown({ gate, question }: { readonly gate: Gate; readonly question: string }, decision: Decision) {
    const details = await this.currentDetails(`"question": "${question}"`);
    const shown = [...details.matchAll(/\{\s*"gate"[^}]*\}/g)].map(([json]) => JSON.parse(json) as DecisionMessage);
    const message = shown.find((one) => one.decision === decision);
    if (message?.gate !== gate || message.question !== question || message.by !== 'YOUR NAME') {
      throw new Error(`no JSON of ${decision} for ${question} is shown but: ${JSON.stringify(shown)}`);
    }
    const filled = JSON.stringify({ ...message, by: 'bob@example.org', note: 'as read' });
    await (await this.fillUpdate('decide', filled)).submitAccepted();
  }

  /** What stands in blocks of code, as one copies it. */
  async codeBlocks(): Promise<readonly string[]> {
    return this.details().locator('pre code').allInnerTexts();
  }

  async requestCancellation(): Promise<void> {
    await this.visible(this.page.getByRole('button', { name: 'Request Cancellation' })).click();
    await this.page.locator('dialog#cancel-confirmation-modal[open]').getByTestId('confirm-modal-button').click();
  }

  /** Waits until the page itself says so, for example `Canceled`. */
  async executionStatus(wanted: string): Promise<void> {
    await this.visible(this.page.getByTestId('execution-status').filter({ hasText: wanted })).waitFor();
  }

  /** Only where `UPDATE_SCREENSHOTS=1` asks for it, because no two are the same. */
  async screenshot(name: (typeof SCREENSHOTS)[number]): Promise<void> {
    if (process.env['UPDATE_SCREENSHOTS'] !== '1') return;
    // What it said of the Update before covers what the picture is of.
    await this.page.getByText('Update successful').first().waitFor({ state: 'hidden' });
    // A link that is a little wider than the window shifts all of it when a click goes there.
    await this.page.evaluate('document.querySelectorAll("*").forEach((one) => { one.scrollLeft = 0; })');
    await this.hidePaths();
    await this.page.screenshot({
      path: join(SCREENSHOTS_FOLDER, `${name}.png`),
      animations: 'disabled',
      // The UI shows the stack of a refusal below its reason: paths of the machine on which the worker runs.
      style: '[role=alert] .content:has(.cm-editor) { display: none }',
    });
  }

  /** Where the worker of a test keeps its reports is nothing that an operator will see. */
  private async hidePaths(): Promise<void> {
    if ((await this.page.locator('iframe').count()) === 0) return;
    await this.details().evaluate(withoutPaths, tmpdir());
    if ((await this.details().innerText()).includes(tmpdir())) {
      throw new Error(`the picture would show a path below ${tmpdir()}`);
    }
  }

  private details(): Locator {
    return this.page.frameLocator('iframe').last().locator('body');
  }

  private visible(all: Locator): Locator {
    return all.filter({ visible: true }).first();
  }

  /** The JSON box indents anew when it loses the focus, which moves the button under it: done before a click can miss. */
  private async type(box: Locator, json: string): Promise<void> {
    await box.click();
    await this.page.keyboard.press('ControlOrMeta+A');
    await this.page.keyboard.press('Delete');
    await this.page.keyboard.insertText(json);
    await box.blur();
  }
}

/** As much of a node as there is in every page; this file is compiled without the types of one. */
interface PageNode {
  nodeValue: string | null;
  readonly childNodes: Iterable<PageNode>;
}

/** In the page: of each path below `here` the name is left, in a folder as operators have one. */
function withoutPaths(node: PageNode, here: string): void {
  const named = (word: string): string =>
    word.startsWith(`${here}/`) ? `/srv/reports${word.slice(word.lastIndexOf('/'))}` : word;
  for (const child of node.childNodes) {
    child.nodeValue = child.nodeValue?.split(' ').map(named).join(' ') ?? null;
    withoutPaths(child, here);
  }
}

/** "Send an Update", filled in. */
export class UpdateDialog {
  constructor(
    private readonly page: Page,
    private readonly dialog: Locator,
  ) {}

  private submit(): Promise<void> {
    return this.dialog.getByTestId('confirm-modal-button').click();
  }

  /** @returns the reason that the workflow gave; the dialog is open still */
  async submitRefused(): Promise<string> {
    await this.submit();
    const alert = this.dialog.getByRole('alert').filter({ hasText: /\S/ }).last();
    await alert.waitFor();
    return alert.innerText();
  }

  /** Waits for the message of success. The page says so too when nobody took the Update. */
  async submitAccepted(): Promise<void> {
    await this.submit();
    await this.page.getByText('Update successful').first().waitFor();
    await this.dialog.waitFor({ state: 'hidden' });
  }
}
