import { createHash } from 'node:crypto';
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keepReportFiles, lookAtFolder, readKeptReports } from '../../../../adapters/report-folder';
import { reportHtml, REPORT_HTML_BYTES_MAX } from '../../../../domain/evidence/report-html';
import { type Report } from '../../../../domain/receipts';
import { REPORT } from '../../domain/evidence/a-report';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'reports-'))));
afterEach(() => rmSync(folder, { recursive: true }));

const sha256 = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex');

it('keeps a report as HTML, as JSON and with the hashes of both; a repeat changes nothing', async () => {
  const kept = await keepReportFiles(folder, REPORT);
  expect(await keepReportFiles(folder, REPORT)).toEqual(kept);
  const names = readdirSync(folder).sort();
  expect(names).toEqual(['html', 'json', 'sha256'].map((end) => `test-20260101T000000Z-c.${end}`));
  const [html = '', json = '', sums = ''] = names.map((name) => join(folder, name));
  expect(kept).toMatchObject({ kept: 'file', path: html, sha256: sha256(html) });
  expect(readFileSync(sums, 'utf8')).toBe(`${sha256(html)}  ${names[0]}\n${sha256(json)}  ${names[1]}\n`);
  expect((await readKeptReports(folder, 'test')).reports).toEqual([{ path: json, report: REPORT }]);
});

it('reads the latest first, of one environment, and names what was changed or is not whole', async () => {
  const at = (hour: number, more: Partial<Report> = {}): Report => ({
    ...REPORT,
    ...{ cutoverId: `run${hour}`, startedAt: `2026-01-01T0${hour}:00:00.000Z` },
    ...more,
  });
  for (const report of [at(1), at(2), at(3), at(4, { environment: 'other' })]) await keepReportFiles(folder, report);
  writeFileSync(join(folder, 'test-20260101T050000Z-run5.json'), '{}');
  appendFileSync(join(folder, 'test-20260101T020000Z-run2.json'), ' ');
  writeFileSync(join(folder, 'test-20260101T060000Z-run6.sha256'), '');
  const { reports, problems } = await readKeptReports(folder, 'test');
  expect(reports.map(({ report }) => report.cutoverId)).toEqual(['run3', 'run1']);
  expect(problems).toEqual([
    expect.stringContaining('run6.json cannot be read: ENOENT'),
    expect.stringContaining('run2.json is not what the worker wrote'),
  ]);
});

it('says that a folder which is not there cannot be read', async () => {
  await expect(readKeptReports(join(folder, 'gone'), 'test')).rejects.toMatchObject({
    code: 'REPORT_UNREADABLE',
    message: expect.stringContaining('ENOENT') as string,
  });
});

describe('a folder that takes no report', () => {
  it.each([
    ['is not there', 'gone', 'there is no such folder'],
    ['is a file', 'file', 'it is no folder'],
  ])('because it %s is said, and fails nothing', async (_why, name, said) => {
    writeFileSync(join(folder, 'file'), '');
    const kept = await keepReportFiles(join(folder, name), REPORT);
    expect(kept).toMatchObject({ kept: 'nowhere', why: expect.stringContaining(said) as string });
    expect(kept).toMatchObject({ why: expect.stringContaining('hydra-cutover report --format html') as string });
  });
});

describe('a look at the folder', () => {
  it('finds nothing in the way of a report, and writes nothing', async () => {
    expect(await lookAtFolder(folder)).toBeNull();
    expect(readdirSync(folder)).toEqual([]);
  });

  it.each([
    ['is not there', 'gone', 'ENOENT: there is no such folder'],
    ['is a file', 'file', 'ENOTDIR: it is no folder'],
    ['has no room at all', '/proc/self', null],
  ])('says that it %s', async (_why, name, said) => {
    writeFileSync(join(folder, 'file'), '');
    const where = said === null ? name : join(folder, name);
    expect(await lookAtFolder(where)).toEqual(said ?? expect.stringMatching(/are free there|may not write/));
  });

  it('says that it has too little room', async () => {
    expect(await lookAtFolder(folder, 1e18)).toMatch(/MB are free there, and a report may need 1000000000000\.0 MB/);
  });
});

describe('the HTML file', () => {
  const long = (text: string, count: number) =>
    Array.from({ length: count }, (_, at) => `${text} ${at} ${'x'.repeat(400)}`);
  const points = Array.from({ length: 200 }, (_, at) => ({ atMs: at * 60_000, value: at % 7 }));

  it('stays below 500 kB however much there is to say, and says what it leaves out', () => {
    const warnings = long('a warning', 20_000);
    const report: Report = {
      ...REPORT,
      ...{ backlog: points, latency: points },
      plan: REPORT.plan && { ...REPORT.plan, warnings },
      evidence: REPORT.evidence && {
        ...REPORT.evidence,
        problems: long('a problem', 5_000),
        notices: ['y'.repeat(900_000)],
      },
      findings: long('a finding', 3_000).map((what) => ({ phase: 'clean', weight: 'look', code: 'F01', what })),
    };
    const html = reportHtml(report);
    expect(Buffer.byteLength(html)).toBeLessThanOrEqual(REPORT_HTML_BYTES_MAX);
    expect(html).toContain('more, in the .json file');
    expect(html).toContain('</html>');
  });

  it('leaves nothing out of a report of usual size', () => {
    const html = reportHtml({ ...REPORT, backlog: points, latency: points });
    expect(html).not.toContain('in the .json file</');
    expect(html).toContain('flip, held 90 ms');
    expect(Buffer.byteLength(html)).toBeLessThan(100_000);
  });
});
