import { answerCommand } from '../../domain/evidence/answer-command';
import { decisionLine } from '../../domain/evidence/report-page';
import { durationText } from '../../domain/evidence/words';
import { type Page } from '../../domain/page/page';
import { pageText, wrapped } from '../../domain/page/text';
import { PHASE_TEXTS, type CutoverStatus } from '../../domain/runbook';
import { quoted } from '../quoted';
import { namingConfig } from '../named-config';
import { type Look } from './look';
import { headline, pendingLine, statusPage, waitingFor, type Found } from './status-page';
import { whyNoWorker } from './workers-seen';

/**
 * A cutover for people: where it is, and, when a person is asked, the evidence and the answers.
 *
 * @param config the file that was named on the command line; the answers name it, too
 * @param width of the terminal in characters; Infinity where there is none
 * @param tale what the databases say, where they were asked; it is shown below
 */
export function renderStatus(look: Look, config: string | undefined, width: number, tale?: Found): string {
  const lines = [pageText(advised(statusPage(look, tale), config), width), ...gateLines(look.status, config, width)];
  return `${lines.join('\n')}\n`;
}

/**
 * The same for a screen that is drawn again and again: without the evidence, and never longer than the screen.
 *
 * @param rows of the terminal; the last one stays free
 */
export function renderScreen(look: Look, config: string | undefined, width: number, rows: number): readonly string[] {
  const asked = look.status?.awaiting ?? null;
  const lines = pageText(advised(statusPage(look), config), width).split('\n');
  const below =
    asked === null
      ? []
      : ['', ...wrapped(`The evidence, and how to answer: ${statusCommand(config)}`, width), ...questionLine(asked)];
  const room = Math.max(1, rows - 1 - below.length);
  if (lines.length <= room) return [...lines, ...below];
  const more = wrapped(`… all of it: ${statusCommand(config)}`, width);
  return [...lines.slice(0, Math.max(1, room - more.length)), ...more, ...below].slice(0, Math.max(1, rows - 1));
}

function advised(page: Page, config: string | undefined): Page {
  const { verdict } = page;
  return { ...page, verdict: { ...verdict, reasons: verdict.reasons.map((reason) => namingConfig(reason, config)) } };
}

function statusCommand(config: string | undefined): string {
  return `hydra-cutover status${config === undefined ? '' : ` --config ${quoted(config)}`}`;
}

function questionLine({ question }: NonNullable<CutoverStatus['awaiting']>): readonly string[] {
  return [`question ${question}`];
}

/** A line for each thing that is so: whoever keeps them as a log prints those that were not there before. */
export function statusLines(look: Look, config: string | undefined): readonly string[] {
  const { status, workers } = look;
  const where = `${look.workflowId}: ${headline(look)}`;
  if (status === null) {
    return look.report === null ? [where, `no worker answers. ${namingConfig(whyNoWorker(workers), config)}`] : [where];
  }
  return [
    where,
    ...status.phases.map(
      ({ name, durationMs }) => `  ${name.padEnd(11)} ${durationText(durationMs).padStart(9)}  ${PHASE_TEXTS[name]}`,
    ),
    ...look.pending.map((step) => `  > ${pendingLine(step)}`),
    ...status.decisions.map((one) => `  ${decisionLine(one)}`),
    ...status.ignored.map(({ at, why }) => `  ${at} not followed: ${why}`),
    ...(status.awaiting === null ? [] : [gateLines(status, config, Infinity).join('\n')]),
  ];
}

/** What is asked, what it is to be decided on, and the answers, whole, so that they can be copied. */
function gateLines(status: CutoverStatus | null, config: string | undefined, width: number): readonly string[] {
  if (status === null || status.awaiting === null) return [];
  const { gate, question, why, evidence, decisions } = status.awaiting;
  const named = config === undefined ? {} : { config: quoted(config) };
  return [
    '',
    ...wrapped(waitingFor(status.awaiting), width),
    ...why.split('\n').flatMap((line) => wrapped(line, width)),
    '',
    pageText(evidence, width),
    '',
    ...decisions.map((decision) => answerCommand({ gate, decision, question, by: 'NAME', ...named })),
  ];
}
