import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { reportHtml } from '../../../../domain/evidence/report-html';
import { typescriptCommand } from '../../../../world/supervisor';
import { REPORT } from '../../../unit/domain/evidence/a-report';

const run = promisify(execFile);

/** Of a tmpfs: files take whole pages. */
const PAGE_KIB = 4;
const pagesOf = (text: string) => Math.ceil(Buffer.byteLength(text) / 1_024 / PAGE_KIB) * PAGE_KIB;

describe('a report folder on a real file system that is full', () => {
  let folder: string;
  beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'full-reports-'))));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('takes no report, says so and how to save it, and leaves none that could be taken for a whole one', async () => {
    const sizes = {
      'no page for the first file': PAGE_KIB,
      'room for the HTML file alone': pagesOf(reportHtml(REPORT)),
      'room for all': 1_024,
    };
    const program = typescriptCommand('test/support/keep-in-small-folder.ts', [
      folder,
      ...Object.values(sizes).map(String),
    ]);
    const inOwnMounts = ['--map-root-user', '--mount', program.command, ...program.args];
    const { stdout } = await run('unshare', inOwnMounts, { env: { ...process.env, ...program.env } });
    const [none, half, all] = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
    const full = {
      kept: 'nowhere',
      why: expect.stringMatching(/ENOSPC: the disk is full.*hydra-cutover report --format html/) as string,
    };
    const nothing = { reports: [], problems: [] };
    expect(none).toMatchObject({ kept: full, read: nothing, files: [] });
    expect(half).toMatchObject({ kept: full, read: nothing, files: [expect.stringMatching(/\.html$/)] });
    expect(all).toMatchObject({
      kept: { kept: 'file' },
      read: { reports: [{ report: { cutoverId: REPORT.cutoverId } }] },
    });
    // Preflight says it before.
    expect(none).toMatchObject({ look: expect.stringMatching(/are free there, and a report may need/) as string });
  });
});
