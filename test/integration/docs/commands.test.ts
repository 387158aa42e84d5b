import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from '../cli/run-program';
import { commandsIn, commandsOf, needsShell, wordsOf, type DocumentedCommand } from './documented-commands';
import { LINES_ELSEWHERE, SCRIPTS_ELSEWHERE, SCRIPTS_HERE } from './elsewhere';
import { Operator } from './operator';
import { playOf, type Play, type Scene } from './plays';
import { BUILD_ID, CONFIG_FILE, Stage, type Ended } from './stage';

const DOCUMENTS = ['README.md', 'docs/runbook.md', 'docs/what-if.md', 'docs/reference/cli.md'] as const;
const NPM_DOCUMENTS = ['README.md', 'CONTRIBUTING.md'] as const;
/** One document, on a busy machine. */
const TIMEOUT_MS = 900_000;
const REMEDY = 'add it to test/integration/docs/plays.ts, or to elsewhere.ts with the test that executes it';

const stage = new Stage();
/** Lines that are executed once. */
const executed = new Set<string>();
const scene: Scene = { stage, operator: new Operator(stage) };

beforeAll(() => stage.open(), TIMEOUT_MS);
afterAll(() => stage.close());

describe('the commands of a document', () => {
  it.each(DOCUMENTS)(
    '%s, run in their order as they stand there, do what it says',
    async (document) => {
      const background: Promise<void>[] = [];
      try {
        for (const command of commandsOf(document)) if (!isElsewhere(command.text)) await execute(command, background);
      } finally {
        await scene.operator.settle();
        await stage.endVersion();
      }
      await Promise.all(background);
    },
    TIMEOUT_MS,
  );

  it('is refused when no test executes it, with what to add', async () => {
    const [command] = commandsIn('docs/new.md', '```sh\nhydra-cutover teleport --config hydra-cutover.yaml\n```');
    await expect(execute(command as DocumentedCommand, [])).rejects.toThrow(
      `docs/new.md:2: no test executes \`hydra-cutover teleport --config hydra-cutover.yaml\`; ${REMEDY}`,
    );
  });

  it('is read with its quotes and without its comments and line breaks', () => {
    const markdown = '```sh\na --note "x # y" \\\n  --by b   # why\n\n# alone\nc | d\n```\n```text\ne\n```';
    expect(commandsIn('x.md', markdown)).toEqual([
      { place: 'x.md:2', text: 'a --note "x # y" --by b' },
      { place: 'x.md:6', text: 'c | d' },
    ]);
    expect(wordsOf(`a --note "x # y" --set k='v w'`)).toEqual(['a', '--note', 'x # y', '--set', 'k=v w']);
    expect(['a "x|y"', 'a | b', 'a > b', 'a "$B"', 'a && b'].map(needsShell)).toEqual([false, true, true, true, true]);
  });
});

describe('the npm scripts of a document', () => {
  it.each(NPM_DOCUMENTS)('%s exist, and each is executed somewhere', async (document) => {
    const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: object };
    const problems: string[] = [];
    for (const { place, text } of commandsOf(document)) {
      const script = scriptOf(text);
      if (script === undefined) continue;
      const { by } = SCRIPTS_ELSEWHERE[script] ?? {};
      if (!Object.hasOwn(manifest.scripts, script)) problems.push(`${place}: there is no npm script "${script}"`);
      else if (SCRIPTS_HERE[script] !== undefined) continue;
      else if (by === undefined) problems.push(`${place}: no test executes \`${text}\`; ${REMEDY}`);
      else if (!existsSync(join(ROOT, by))) problems.push(`${place}: ${by} does not exist`);
    }
    expect(problems).toEqual([]);
  });

  it.each(Object.entries(SCRIPTS_HERE))('%s does what it says', async (script, args) => {
    const { stdout } = await promisify(execFile)('npm', ['run', '--silent', script, '--', ...args], { cwd: ROOT });
    expect(stdout).toContain('hydra');
  });
});

function scriptOf(text: string): string | undefined {
  return /^npm (?:run )?([\w:-]+)/.exec(text)?.[1];
}

function isElsewhere(text: string): boolean {
  return scriptOf(text) !== undefined || Object.keys(LINES_ELSEWHERE).some((line) => text.startsWith(line));
}

async function execute(command: DocumentedCommand, background: Promise<void>[]): Promise<void> {
  const { place, text } = command;
  const play = playOf(wordsOf(text));
  if (play === undefined) throw new Error(`${place}: no test executes \`${text}\`; ${REMEDY}`);
  if (play.isOnce === true && executed.has(text)) return;
  executed.add(text);
  const values = (await play.prepare?.(scene, wordsOf(text))) ?? {};
  const line = withValues(text, values);
  const judged = run(line, play).then((ended) => judge(command, play, ended));
  // Whoever fails first is told; the other must not count as unhandled.
  judged.catch(() => undefined);
  if (play.as === 'background') background.push(judged);
  else await judged;
  await play.proof?.(scene);
}

/** Placeholders of the documents: the options that name something of one run, and what the reader has under another name. */
function withValues(text: string, values: Readonly<Record<string, string>>): string {
  const named = text.replaceAll('BUILD_ID', BUILD_ID).replaceAll('examples/hydra-cutover.yaml', CONFIG_FILE);
  return Object.entries(values).reduce(
    (line, [option, value]) => line.replace(new RegExp(`(${option}) \\S+`), `$1 ${value}`),
    named,
  );
}

function run(line: string, { as, environment }: Play): Promise<Ended> {
  if (typeof as === 'object') return stage.shell(line, environment, as.untilSaid);
  const [program, ...args] = wordsOf(line.replace(/^npx /, ''));
  return program === 'hydra-cutover' && !needsShell(line) ? stage.cli(args) : stage.shell(line, environment);
}

function judge({ place, text }: DocumentedCommand, { codes = [0] }: Play, { code, stdout, stderr }: Ended): void {
  if (code !== null && codes.includes(code)) return;
  throw new Error(
    `${place}: \`${text}\` ended with ${String(code)}, not with ${codes.join(' or ')}\n${stdout}${stderr}`,
  );
}
