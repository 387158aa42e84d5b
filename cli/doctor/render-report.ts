import { countText, fact } from '../../domain/evidence/words';
import { blocksOf, type Page } from '../../domain/page/page';
import { pageText } from '../../domain/page/text';
import { CHECK_STATUSES, type CheckReport } from './check';

const SUBJECT_TITLES = { machine: 'this machine', environment: 'the environment' } as const;

/** The report for people: what is wrong with what to do about it first, then every check. @param width in characters */
export function renderReport(
  subject: keyof typeof SUBJECT_TITLES,
  checks: readonly CheckReport[],
  width: number,
): string {
  return `${pageText(doctorPage(subject, checks), width)}\n`;
}

function doctorPage(subject: keyof typeof SUBJECT_TITLES, checks: readonly CheckReport[]): Page {
  const of = (wanted: CheckReport['status']) => checks.filter(({ status }) => status === wanted);
  const [failed, warned] = [of('fail').length, of('warn').length];
  const text =
    failed > 0
      ? `${countText(failed, 'check')} failed.`
      : warned > 0
        ? `no check failed, and ${countText(warned, 'thing')} may be worth a look.`
        : 'every check passed.';
  const counts = CHECK_STATUSES.map((status) => [status, of(status).length] as const).filter(([, count]) => count > 0);
  return {
    title: `Checks of ${SUBJECT_TITLES[subject]}`,
    verdict: { state: failed > 0 ? 'bad' : warned > 0 ? 'unknown' : 'good', word: 'Verdict', text, reasons: [] },
    facts: [fact('checks', counts.map(([status, count]) => `${count} ${status}`).join(', ') || 'none')],
    blocks: blocksOf(
      { kind: 'list', title: 'Failed', items: of('fail').map(withFix) },
      { kind: 'list', title: 'Worth a look', items: of('warn').map(withFix) },
      {
        kind: 'table',
        title: 'All checks',
        head: ['check', 'is', 'found'],
        rows: checks.map(({ status, title, summary, fix }) => [
          title,
          status,
          status === 'info' && fix !== undefined ? `${summary}; ${fix}` : summary,
        ]),
      },
    ),
  };
}

function withFix({ title, summary, fix }: CheckReport): string {
  return `${title}: ${summary}${fix === undefined ? '' : `. Fix: ${fix}`}`;
}
