import { Writable } from 'node:stream';
import { runCli } from '../../../cli/run-cli';
import { type Verb } from '../../../cli/verb';
import { printJson } from '../../../cli/context';
import { CutoverFault, FAULTS, type FaultCode } from '../../../domain/faults';

function capture() {
  let text = '';
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      text += chunk.toString();
      done();
    },
  });
  return { stream, text: () => text };
}

function verb(run: Verb['run']): Verb {
  return {
    name: 'try',
    summary: 'tries',
    description: ['Tries.'],
    examples: ['hydra-cutover try'],
    json: {},
    exitCodes: { 0: 'done' },
    handlesSignals: false,
    addOptions: (command) => void command.option('--what <thing>', 'thing'),
    run,
  };
}

async function cli(args: readonly string[], options: { run?: Verb['run']; env?: NodeJS.ProcessEnv } = {}) {
  const [out, err] = [capture(), capture()];
  const verbs = options.run === undefined ? undefined : [verb(options.run)];
  const code = await runCli(
    args,
    { stdout: out.stream, stderr: err.stream, env: options.env ?? {}, cwd: '/' },
    verbs === undefined ? {} : { verbs },
  );
  return { code, stdout: out.text(), stderr: err.text() };
}

describe('usage', () => {
  it.each([
    [['nope'], "unknown command 'nope'"],
    [['docter'], 'Did you mean doctor?'],
    [['--vresion'], 'Did you mean --version?'],
    [['doctor', '--confi', 'x'], 'Did you mean --config?'],
    [['doctor', '--config'], 'argument missing'],
    [['doctor', 'extra'], 'too many arguments'],
    [['doctor', '--log-level', 'loud'], 'Allowed choices are trace'],
    [['world', '--temporal-port', '99999'], 'Allowed: 0 to 65535; see'],
    [['world', '--ui-port', '-1'], 'Allowed: 0 to 65535; see'],
    [['world', '--postgres-major', '9'], 'Allowed choices are 13, 14, 15, 16, 17, 18; see'],
  ])('%j is refused with exit code 2 and a hint', async (args, text) => {
    const { code, stdout, stderr } = await cli(args);
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^error USAGE: .*see `hydra-cutover.* --help`\n$/);
    expect(stderr).toContain(text);
  });

  it('names the help of the verb, also where an option says the name of another one', async () => {
    const { stderr } = await cli(['approve', '--gate', 'plan']);
    expect(stderr).toBe(
      "error USAGE: required option '--by <name>' not specified; see `hydra-cutover approve --help`\n",
    );
  });

  it.each([
    [['--account', '1234'], 'Allowed: the 12 digits of an AWS account; see'],
    [
      ['--monitoring-role', 'rds-monitoring'],
      'Allowed: an ARN such as arn:aws:iam::123456789012:role/rds-monitoring; see',
    ],
    [['--check', '--sql'], "option '--check' cannot be used with option '--sql'"],
  ])('privileges %j is refused before it prints anything', async (args, text) => {
    const { code, stdout, stderr } = await cli(['privileges', ...args]);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(text);
  });

  it.each([[[]], [['--config', '']]])('says how to name the config where none is named: %j', async (args) => {
    const { code, stderr } = await cli(['status', ...args]);
    expect(code).toBe(2);
    expect(stderr).toContain(
      'config file: none is named; fix: name it with --config FILE or the variable HYDRA_CUTOVER_CONFIG',
    );
  });

  it.each([
    ['start', '--by', ' '],
    ['start', '--note', 'x'.repeat(2_001)],
    ['repair', '--cutover-id', '', '--by', 'bob'],
    ['approve', '--gate', 'plan', '--by', 'x'.repeat(201)],
  ])('%s is refused before anything is asked: %s', async (...args) => {
    const { code, stdout, stderr } = await cli(args);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/Allowed: 1 to (200|2000) characters/);
  });

  it('without a verb shows the help on stderr, with exit code 2', async () => {
    const { code, stdout, stderr } = await cli([]);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain('Usage: hydra-cutover');
  });

  it('of a verb that is not there says so', async () => {
    expect(await cli(['help', 'teleport'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('there is no verb teleport to help with') as string,
    });
  });

  it('`help VERB` says the same as `VERB --help`', async () => {
    const [help, option] = [await cli(['help', 'status']), await cli(['status', '--help'])];
    expect(help).toEqual({ ...option, code: 0 });
    expect(help.stdout).toContain('--watch');
  });

  it.each([[['--help']], [['help']], [['-h']], [['doctor', '--help']], [['doctor', '-h']], [['world', '--help']]])(
    '%j shows help on stdout',
    async (args) => {
      const { code, stdout, stderr } = await cli(args);
      expect([code, stderr]).toEqual([0, '']);
      expect(stdout).toContain('Exit codes:');
    },
  );

  it('--version prints the version alone', async () => {
    expect(await cli(['--version'])).toEqual({
      code: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) as string,
      stderr: '',
    });
  });
});

describe('a verb', () => {
  it('gets its options and decides the exit code', async () => {
    const seen: unknown[] = [];
    const result = await cli(['try', '--what', 'x'], {
      run: async (options, context) => {
        seen.push(options);
        printJson(context, { what: options.what });
        return 4;
      },
    });
    expect(seen).toEqual([{ what: 'x', json: false }]);
    expect(result.code).toBe(4);
    expect(JSON.parse(result.stdout)).toEqual({ schemaVersion: 1, what: 'x' });
  });

  it.each(Object.keys(FAULTS) as FaultCode[])(
    'that fails with %s ends with its exit code and says so',
    async (faultCode) => {
      const run = () => Promise.reject(new CutoverFault(faultCode, 'what and what to do', { port: 5 }));
      const human = await cli(['try'], { run });
      expect(human.code).toBe(FAULTS[faultCode].exitCode);
      expect(human.stdout).toBe('');
      expect(human.stderr).toContain(`error ${faultCode}: what and what to do\n`);
      const machine = await cli(['try', '--json'], { run });
      expect(JSON.parse(machine.stdout)).toEqual({
        schemaVersion: 1,
        ok: false,
        error: {
          code: faultCode,
          message: 'what and what to do',
          retryable: FAULTS[faultCode].retryable,
          details: { port: 5 },
        },
      });
    },
  );

  it('that throws something unexpected is a defect, with the stack at debug only', async () => {
    const run = () => Promise.reject(new TypeError('x is not a function'));
    const quiet = await cli(['try'], { run });
    expect(quiet.code).toBe(1);
    expect(quiet.stderr).toMatch(/^error INTERNAL: x is not a function\nthis is a defect/);
    expect(quiet.stderr).not.toContain('run-cli.test');
    for (const loud of [
      await cli(['try', '--log-level', 'debug'], { run }),
      await cli(['try'], { run, env: { HYDRA_CUTOVER_LOG__LEVEL: 'debug' } }),
    ]) {
      expect(loud.stderr).toContain('run-cli.test');
    }
  });

  it('that throws no Error at all is a defect too', async () => {
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
    expect((await cli(['try'], { run: () => Promise.reject('text') })).stderr).toContain('error INTERNAL: text');
  });

  it('gets usage errors as JSON when it was asked for JSON', async () => {
    const { stdout } = await cli(['doctor', '--json', '--nope']);
    expect(JSON.parse(stdout)).toMatchObject({ schemaVersion: 1, ok: false, error: { code: 'USAGE' } });
  });
});
