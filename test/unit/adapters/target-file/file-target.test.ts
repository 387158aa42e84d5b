import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CommandSpec, ProcessCommandRunner } from '../../../../adapters/command/process-command-runner';
import { type ReloadCommand } from '../../../../adapters/target-file/file-store';
import { FileTarget } from '../../../../adapters/target-file/file-target';
import { RecordJournal } from '../../../../adapters/target-file/record-journal';
import { initialTargetRecord } from '../../../../domain/target';
import { SOON, until } from '../../../support/until';

const STATES = { blue: 'hydra = blue\n', green: 'hydra = green\n' };

const PLACE = 'place-of-app';
const PLACE_FILE = '.app.conf.cutover.place';

let folder = '';
let file = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'file-target-'));
  file = join(folder, 'app.conf');
  writeFileSync(file, STATES.blue);
  writeFileSync(join(folder, PLACE_FILE), `${PLACE}\n`);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function connect(reload?: Partial<CommandSpec>, states: { blue: unknown; green: unknown } = STATES): FileTarget {
  const spec = { path: 'targets[app].file.reload', argv: ['true'], env: {}, secretEnv: {}, timeoutMs: 60_000 };
  const commands = new ProcessCommandRunner<ReloadCommand>({
    commands: reload ? { reload: { ...spec, ...reload } } : {},
  });
  return new FileTarget({ name: 'app', file, place: PLACE, states, commands });
}

const shell = (script: string): Partial<CommandSpec> => ({ argv: ['sh', '-c', script] });
const text = () => readFileSync(file, 'utf8');

it('keeps mode and owner of the file, a link a link, and leaves nothing behind but its record', async () => {
  const real = join(folder, 'real');
  mkdirSync(real);
  const behind = join(real, 'app.conf');
  writeFileSync(behind, STATES.blue);
  chmodSync(behind, 0o640);
  if (process.getuid?.() === 0) chownSync(behind, 65_534, 65_534);
  const before = statSync(behind);
  rmSync(file);
  symlinkSync(behind, file);
  const target = connect();
  for (const epoch of [1, 2, 3]) {
    await target.stage(epoch, epoch % 2 === 1 ? 'green' : 'blue');
    await target.apply(epoch);
  }
  expect(lstatSync(file).isSymbolicLink()).toBe(true);
  const { mode, uid, gid } = statSync(behind);
  expect({ mode, uid, gid }).toEqual({ mode: before.mode, uid: before.uid, gid: before.gid });
  expect(text()).toBe(STATES.green);
  expect(readdirSync(real)).toEqual(['app.conf']);
  const others = readdirSync(folder).filter((name) => !/^\.app\.conf\.cutover\.\d+$/.test(name));
  expect(others.sort()).toEqual([PLACE_FILE, 'app.conf', 'real']);
  expect(readdirSync(folder).length).toBeLessThanOrEqual(5);
});

it('never shows a reader half a content', async () => {
  const states = { blue: 'b'.repeat(200_000), green: 'g'.repeat(300_000) };
  writeFileSync(file, states.blue);
  const target = connect(undefined, states);
  const seen = new Set<string>();
  let flipping = true;
  const flips = (async () => {
    for (let epoch = 1; epoch <= 6; epoch += 1) {
      await target.stage(epoch, epoch % 2 === 1 ? 'green' : 'blue');
      await target.apply(epoch);
    }
    flipping = false;
  })();
  while (flipping) {
    const now = text();
    seen.add(`${now[0] ?? ''} ${now.length}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await flips;
  expect([...seen].sort()).toEqual(['b 200000', 'g 300000']);
});

it('is of neither side while its reload has failed, and completes it when the epoch is applied again', async () => {
  const broken = connect(shell(`test -e ${folder}/mended && touch ${folder}/reloaded`));
  await broken.stage(1, 'green');
  await expect(broken.apply(1)).rejects.toMatchObject({ code: 'COMMAND_FAILED' });
  expect(await broken.read()).toMatchObject({ appliedSide: null, highestEpoch: 1 });
  writeFileSync(join(folder, 'mended'), '');
  expect(await connect(shell(`touch ${folder}/reloaded`)).apply(1)).toMatchObject({
    appliedEpoch: 1,
    appliedSide: 'green',
  });
  expect(readdirSync(folder)).toContain('reloaded');
});

it('goes back although the reload of the epoch never succeeded', async () => {
  const target = connect(shell(`grep -q blue ${folder}/app.conf`));
  await target.stage(1, 'green');
  await expect(target.apply(1)).rejects.toMatchObject({ code: 'COMMAND_FAILED' });
  expect(await target.revert(1)).toMatchObject({ appliedSide: 'blue', highestEpoch: 1 });
  expect(text()).toBe(STATES.blue);
});

it('completes a way back whose reload had failed when it is asked again', async () => {
  await connect().stage(1, 'green');
  await connect().apply(1);
  await expect(connect(shell('exit 1')).revert(1)).rejects.toMatchObject({ code: 'COMMAND_FAILED' });
  expect((await connect().read()).appliedSide).toBeNull();
  const mended = connect(shell(`touch ${folder}/reloaded`));
  expect(await mended.revert(1)).toMatchObject({ appliedSide: 'blue', highestEpoch: 1 });
  expect(readdirSync(folder)).toContain('reloaded');
});

it('gives the command its secrets and tells nobody, and ends one that takes too long', async () => {
  const secretEnv = { TOKEN: () => 'a-very-secret-value' };
  const talks = connect({ ...shell('echo "cannot use $TOKEN"; test "$TOKEN" != a-very-secret-value'), secretEnv });
  await talks.stage(1, 'green');
  const outcome: unknown = await talks.apply(1).catch((error: unknown) => error);
  expect(outcome).toMatchObject({ code: 'COMMAND_FAILED' });
  expect(String(outcome)).toContain('cannot use');
  expect(String(outcome)).not.toContain('a-very-secret-value');
  const hangs = connect({ ...shell('sleep 60'), timeoutMs: 100 });
  await expect(hangs.apply(1)).rejects.toMatchObject({ code: 'COMMAND_FAILED', details: { timeoutMs: 100 } });
});

it.each([
  ['there is no file', (target: string) => rmSync(target), undefined, 'TARGET_STATE_INVALID'],
  ['the reload program is not there', () => undefined, { argv: ['/nowhere/reload'] }, 'TARGET_STATE_INVALID'],
  [
    'the folder is gone',
    (target: string) => rmSync(join(target, '..'), { recursive: true }),
    undefined,
    'TARGET_UNREACHABLE',
  ],
])('cannot be staged when %s', async (_case, damage, reload, code) => {
  damage(file);
  await expect(connect(reload).stage(1, 'green')).rejects.toMatchObject({ code });
});

it.each([
  ['does not know its place', () => rmSync(join(folder, PLACE_FILE)), /is not there/],
  ['is of another place', () => writeFileSync(join(folder, PLACE_FILE), 'place-of-other'), /names another place/],
])('is touched by nobody on a machine that %s', async (_case, arrive, why) => {
  await connect().stage(1, 'green');
  arrive();
  const before = readdirSync(folder);
  for (const call of [
    (target: FileTarget) => target.read(),
    (target: FileTarget) => target.apply(1),
    (target: FileTarget) => target.revert(1),
    (target: FileTarget) => target.stage(2, 'green'),
    (target: FileTarget) => target.tellCommitted(1, 'green'),
  ]) {
    await expect(call(connect())).rejects.toMatchObject({ code: 'TARGET_UNREACHABLE', message: why });
  }
  expect(text()).toBe(STATES.blue);
  expect(readdirSync(folder)).toEqual(before);
});

it('refuses to guess from a record that is not its own', async () => {
  writeFileSync(join(folder, '.app.conf.cutover.1'), '{"settled":true}');
  await expect(connect().read()).rejects.toMatchObject({ code: 'STATE_UNREADABLE' });
});

it('knows a side by what its JSON says, and brings a content of somebody else back byte by byte', async () => {
  const states = { blue: { url: 'http://blue', n: 1 }, green: { url: 'http://green' } };
  writeFileSync(file, '{"n":1,   "url":"http://blue"}');
  const target = connect(undefined, states);
  expect((await target.read()).appliedSide).toBe('blue');
  const theirs = '# by hand\n{"url": "http://elsewhere"}';
  writeFileSync(file, theirs);
  expect((await target.read()).appliedSide).toBeNull();
  await target.stage(1, 'green');
  await target.apply(1);
  expect(JSON.parse(text())).toEqual(states.green);
  await target.revert(1);
  expect(text()).toBe(theirs);
});

it('ends with the newest record in the file, when a writer was too slow', async () => {
  const gate = join(folder, 'go');
  const slow = connect(shell(`while ! test -e ${gate}; do sleep 0.02; done`));
  await slow.stage(1, 'green');
  const applying = slow.apply(1);
  await until('the file serves green', () => text() === STATES.green, SOON);
  expect(await connect().revert(1)).toMatchObject({ appliedSide: 'blue' });
  // What a process does that was stopped just before its write.
  writeFileSync(file, STATES.green);
  writeFileSync(gate, '');
  await expect(applying).rejects.toMatchObject({ code: 'TARGET_REFUSED' });
  expect(text()).toBe(STATES.blue);
  expect(await connect().read()).toMatchObject({ appliedSide: 'blue', highestEpoch: 1 });
});

describe('the journal', () => {
  const entry = { record: initialTargetRecord<unknown>('x'), settled: true };

  it('lets one of two writers win who saw the same version, however late the other comes', async () => {
    const journal = new RecordJournal(file);
    expect(await journal.append(0, entry)).toBe(true);
    expect(await journal.append(0, entry)).toBe(false);
    for (let version = 1; version <= 4; version += 1) expect(await journal.append(version, entry)).toBe(true);
    // Its place is free again, because old versions are removed.
    expect(readdirSync(folder)).not.toContain('.app.conf.cutover.2');
    expect(await journal.append(1, entry)).toBe(false);
    expect((await journal.newest()).version).toBe(5);
    expect(
      readdirSync(folder)
        .filter((name) => name.includes('cutover') && name !== PLACE_FILE)
        .sort(),
    ).toEqual(['.app.conf.cutover.4', '.app.conf.cutover.5']);
  });
});
