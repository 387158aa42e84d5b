/** A command that is not executed here: where it is, or why it need not be. */
interface Elsewhere {
  /** A file of this repository. */
  readonly by: string;
  readonly why: string;
}

/** By npm script; every one that a document names must stand here or below. */
export const SCRIPTS_ELSEWHERE: Readonly<Record<string, Elsewhere>> = {
  test: { by: 'jest.config.js', why: 'this is it' },
  'test:long': { by: 'jest.config.js', why: 'runs tests of this in full, of which this has a share' },
  'test:hydra-26': {
    by: 'test/unit/hydra/paths/copy-paths.test.ts',
    why: 'needs a program that somebody has to bring; this holds the way that it records and tries',
  },
  'test:pg': { by: 'jest.config.js', why: 'runs tests of this on another version of PostgreSQL' },
  'test:node22': { by: 'jest.config.js', why: 'runs all of this on the other line of Node.js' },
  fuzz: {
    by: 'test/unit/gateway/node/fuzz.test.ts',
    why: 'plays a share of it; the command plays as much as it is told',
  },
  demo: { by: 'test/e2e/upgrade.test.ts', why: 'plays the same upgrade on the same world' },
  world: { by: 'test/e2e/world.test.ts', why: 'starts it as a user does' },
  matrix: { by: 'test/e2e/matrix.test.ts', why: 'plays one of its cases; all of them take 15 minutes' },
  model: { by: 'test/unit/model', why: 'explores its small spaces; the large ones take minutes' },
  mutate: {
    by: 'test/unit/mutations',
    why: 'holds every mutation against the sources; planting them takes 20 minutes',
  },
  attack: { by: 'test/integration/attack.test.ts', why: 'plays a share of it; all of it takes minutes' },
  simulate: { by: 'test/unit/domain/judge', why: 'judges some bakes; ten thousand take minutes' },
  catalogs: { by: 'test/integration/hydra/catalog/catalog.test.ts', why: 'records them anew and compares' },
  oddities: { by: 'test/integration/hydra/catalog/catalog.test.ts', why: 'tries a share of them; all take an hour' },
  unseen: { by: 'test/unseen/main.ts', why: 'compiles one more Hydra, which nothing else needs' },
  contend: {
    by: 'test/integration/contention/contended-switchover.test.ts',
    why: 'plays one switchover of it; the command plays twenty, or a hundred',
  },
  histories: { by: 'test/workflows/replay', why: 'the recorder is what the replay test plays' },
  bench: { by: 'bench/main.ts', why: 'measures this machine for minutes' },
  check: { by: 'scripts/run.js', why: 'Prettier, tsc and ESLint are run before each commit' },
  'check:alerts': {
    by: 'test/unit/workers/run-metrics.test.ts',
    why: 'holds the rules against what a worker exports; promtool may be missing',
  },
  'check:moto': { by: 'test/contract/rds/run-against-moto.ts', why: 'installs moto' },
  generate: { by: 'test/integration/cli/process.test.ts', why: 'runs it in a copy of the repository' },
  format: { by: 'scripts/run.js', why: 'would rewrite the files that are being tested' },
};

/** Scripts that are cheap enough, with these arguments. */
export const SCRIPTS_HERE: Readonly<Record<string, readonly string[]>> = { toolchain: ['--list'] };

/** By their first words. */
export const LINES_ELSEWHERE: Readonly<Record<string, string>> = {
  'hydra-cutover world': 'test/e2e/world.test.ts starts it as a user does',
  'hydra-cutover enrol': 'test/integration/cli/enrol.test.ts plays it where there are targets',
  'hydra-cutover restore': 'test/integration/hydra/archive plays it where a rule removed something',
  'hydra-cutover purge': 'test/integration/cli/repair-finalize.test.ts plays it where a cutover is over',
  'hydra-cutover start --config hydra-cutover.yaml --in-place':
    'test/workflows/in-place.test.ts and test/integration/activities/in-place-plan.test.ts play it where a Hydra is old enough',
  'git clone': 'the clone is where this runs',
  'rm -rf node_modules && npm ci': 'the installation is what this runs on',
};
