import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const LIB = join(__dirname, '..', '..', '..', '..', 'scripts', 'lib');
const LOCKED = {
  '': {},
  'node_modules/needed': { version: '1.0.0' },
  'node_modules/for-tests': { version: '1.0.0', dev: true },
  'node_modules/of-another-machine': { version: '1.0.0', optional: true },
};

let root = '';

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'install-'));
  cpSync(LIB, join(root, 'scripts', 'lib'), { recursive: true });
  mkdirSync(join(root, 'node_modules'));
  writeFileSync(join(root, 'package-lock.json'), JSON.stringify({ packages: LOCKED }));
});

afterEach(() => rmSync(root, { recursive: true }));

/** Without an npm: an attempt to install fails. */
function ensure(options: object) {
  const script = `require('./scripts/lib/install.js').ensureInstalled(${JSON.stringify(options)}).catch((error) => { console.error(error.message); process.exit(9); })`;
  return spawnSync(process.execPath, ['-e', script], { cwd: root, env: { PATH: '/nowhere' }, encoding: 'utf8' });
}

function npmLeft(packages: object): void {
  writeFileSync(join(root, 'node_modules', '.package-lock.json'), JSON.stringify({ packages }));
}

it('leaves alone what npm has installed for production, so that a command in the night does not install anew', () => {
  npmLeft({ 'node_modules/needed': { version: '1.0.0' } });
  expect(ensure({ toRun: true })).toMatchObject({ status: 0, stderr: '' });
  expect(ensure({})).toMatchObject({ status: 9, stderr: expect.stringContaining('npm ci') as string });
});

it.each([
  ['lacks a package', {}],
  ['has another version', { 'node_modules/needed': { version: '0.9.0' } }],
])("installs where npm's own lockfile %s", (_title, packages) => {
  npmLeft(packages);
  expect(ensure({ toRun: true })).toMatchObject({
    status: 9,
    stderr: expect.stringContaining('dependencies could not be installed') as string,
  });
});

it('installs where npm never came to its end', () => {
  expect(ensure({ toRun: true }).status).toBe(9);
});
